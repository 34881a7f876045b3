interface ChoiceProps<Option extends string> {
  label: string;
  options: readonly Option[];
  chosen: Option;
  onChoose: (option: Option) => void;
}

/** One of a few ways to look at something, all in sight. */
export function Choice<Option extends string>({ label, options, chosen, onChoose }: ChoiceProps<Option>) {
  return (
    <div role="group" aria-label={label} className="inline-flex items-center gap-2">
      <span aria-hidden className="text-xs text-muted">
        {label}
      </span>
      <span className="inline-flex overflow-hidden rounded-md border border-line">
        {options.map((option) => (
          <button key={option} type="button" aria-pressed={option === chosen} onClick={() => onChoose(option)} className={`min-h-6 border-l border-line px-2.5 py-0.5 text-xs first:border-0 ${option === chosen ? 'bg-accent text-on-accent' : 'bg-surface text-muted hover:bg-raised hover:text-ink'}`}>
            {option}
          </button>
        ))}
      </span>
    </div>
  );
}
