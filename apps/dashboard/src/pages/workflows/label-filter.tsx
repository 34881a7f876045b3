import { useState } from 'react';
import { TextField } from '../../parts/fields.js';

/** Labels as `key=value`, one after the other: Enter adds one, a press takes it away. Values may have spaces. */
export function LabelFilter({ labels, onChange }: { labels: string[]; onChange: (labels: string[]) => void }) {
  const [text, setText] = useState('');
  const [problem, setProblem] = useState<string>();
  const add = () => {
    const label = text.trim();
    if (!label) return;
    if (!/^[^=]+=/.test(label)) {
      setProblem(`${JSON.stringify(label)} has no "=": write key=value, such as team=research.`);
      return;
    }
    setProblem(undefined);
    setText('');
    if (!labels.includes(label)) onChange([...labels, label]);
  };
  return (
    <form
      className="grid min-w-0 grid-cols-1 gap-1"
      onSubmit={(event) => {
        event.preventDefault();
        add();
      }}
    >
      <TextField label="Label, then Enter" value={text} onChange={setText} placeholder="team=research" />
      {problem && (
        <p role="alert" className="text-xs text-bad">
          {problem}
        </p>
      )}
      {labels.length > 0 && (
        <span className="flex flex-wrap gap-1">
          {labels.map((label) => (
            <button key={label} type="button" aria-label={`Take away ${label}`} onClick={() => onChange(labels.filter((other) => other !== label))} className="min-h-6 max-w-full truncate rounded bg-raised px-1.5 text-xs hover:bg-line">
              {label} <span aria-hidden>✕</span>
            </button>
          ))}
        </span>
      )}
    </form>
  );
}
