import { useId, useState } from 'react';
import { CodeBlock } from '../../parts/code-block.js';

export interface Snippet {
  name: string;
  text: string;
}

/** Several ways to do one thing, one at a time. */
export function Snippets({ label, snippets }: { label: string; snippets: Snippet[] }) {
  const [chosen, setChosen] = useState(0);
  const id = useId();
  const snippet = snippets[chosen];
  return (
    <div className="grid min-w-0 grid-cols-1 gap-2">
      <div role="group" aria-label={label} className="flex flex-wrap gap-1">
        {snippets.map(({ name }, index) => (
          <button key={name} type="button" aria-pressed={index === chosen} aria-controls={id} onClick={() => setChosen(index)} className={`rounded-full border px-3 py-0.5 ${index === chosen ? 'border-accent bg-accent text-on-accent' : 'border-line bg-surface text-muted hover:bg-raised'}`}>
            {name}
          </button>
        ))}
      </div>
      <div id={id} className="min-w-0">
        {snippet && <CodeBlock label={`${label} ${snippet.name}`} text={snippet.text} />}
      </div>
    </div>
  );
}
