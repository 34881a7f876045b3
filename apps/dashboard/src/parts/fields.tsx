import { useId, type ReactNode } from 'react';

interface FieldProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  /** A sentence below: the unit, the limit, an example. */
  hint?: string;
  placeholder?: string;
  required?: boolean;
}

const BOX = 'w-full min-w-0 rounded-md border border-line bg-page px-2.5 py-1.5 text-ink placeholder:text-muted';

function Labelled({ id, label, hint, children }: { id: string; label: string; hint?: string; children: ReactNode }) {
  return (
    <div className="grid min-w-0 grid-cols-1 gap-1">
      <label htmlFor={id} className="text-xs font-medium text-muted">
        {label}
      </label>
      {children}
      {hint && (
        <p id={`${id}-hint`} className="text-xs text-muted">
          {hint}
        </p>
      )}
    </div>
  );
}

export function TextField({ label, value, onChange, hint, type = 'text', ...rest }: FieldProps & { type?: 'text' | 'number' | 'password' | 'search' | 'datetime-local' }) {
  const id = useId();
  return (
    <Labelled id={id} label={label} hint={hint}>
      <input id={id} type={type} value={value} onChange={(event) => onChange(event.target.value)} aria-describedby={hint ? `${id}-hint` : undefined} className={BOX} {...rest} />
    </Labelled>
  );
}

/** Several lines; `code` for JSON and programs. */
export function TextArea({ label, value, onChange, hint, rows = 6, code = false, ...rest }: FieldProps & { rows?: number; code?: boolean }) {
  const id = useId();
  return (
    <Labelled id={id} label={label} hint={hint}>
      <textarea id={id} rows={rows} value={value} onChange={(event) => onChange(event.target.value)} aria-describedby={hint ? `${id}-hint` : undefined} spellCheck={!code} className={`${BOX} ${code ? 'font-mono text-xs' : ''}`} {...rest} />
    </Labelled>
  );
}

export function SelectField({ label, value, onChange, hint, options }: Omit<FieldProps, 'placeholder'> & { options: { value: string; label: string }[] }) {
  const id = useId();
  return (
    <Labelled id={id} label={label} hint={hint}>
      <select id={id} value={value} onChange={(event) => onChange(event.target.value)} className={BOX}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </Labelled>
  );
}
