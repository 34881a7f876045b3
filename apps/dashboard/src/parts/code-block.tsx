import { CopyButton } from './copy-button.js';

/** Text as it is, with a button that copies it. Whatever it holds is shown as characters, never run. */
export function CodeBlock({ text, label }: { text: string; label: string }) {
  return (
    <div className="relative min-w-0 rounded-md border border-line bg-raised">
      <pre tabIndex={0} aria-label={label} className="max-h-96 overflow-auto p-3 pr-16 font-mono text-xs wrap-anywhere whitespace-pre-wrap">
        {text}
      </pre>
      <span className="absolute top-2 right-2">
        <CopyButton text={text} />
      </span>
    </div>
  );
}

/** A JSON value, indented; a text is shown as itself. */
export function JsonBlock({ value, label }: { value: unknown; label: string }) {
  return <CodeBlock label={label} text={typeof value === 'string' ? value : JSON.stringify(value, null, 2)} />;
}
