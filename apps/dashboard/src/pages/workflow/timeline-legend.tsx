import type { Colouring } from './timeline-colour.js';

/** What the colours, patterns and signs of the timeline mean. */
export function TimelineLegend({ colouring }: { colouring: Colouring }) {
  return (
    <p className="flex flex-wrap gap-x-4 gap-y-1 border-t border-line px-3 py-2 text-xs text-muted">
      <Key look="stripes-muted" words="in line" />
      <Key look="dots-warn" words="waiting" />
      {colouring === 'status' ? (
        <>
          <Key look="bg-busy" words="running" />
          <Key look="bg-good" words="completed" />
          <Key look="bg-bad" words="failed or lost" />
        </>
      ) : (
        <Key look="bg-accent" words={colouring === 'tokens' ? 'at work: the stronger, the more tokens' : 'at work: the stronger, the longer'} />
      )}
      <span>⟲ taken over</span>
      <span>↻ tried again</span>
    </p>
  );
}

const Key = ({ look, words }: { look: string; words: string }) => (
  <span className="flex items-center gap-1.5">
    <span aria-hidden className={`h-2.5 w-5 rounded-sm ${look}`} /> {words}
  </span>
);
