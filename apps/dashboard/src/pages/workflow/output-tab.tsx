import type { Workflow } from '@trivet/contracts';
import { isTerminal } from '../../formatting/is-terminal.js';
import { CodeBlock, JsonBlock } from '../../parts/code-block.js';
import { EmptyState } from '../../parts/empty-state.js';

/** What came out. A text inside is shown as text; whatever a model or a tool wrote is never run. */
export function OutputTab({ workflow }: { workflow: Workflow }) {
  if (workflow.result === null) return <EmptyState title={isTerminal(workflow.status) ? `It ended as ${workflow.status}, without a result.` : 'There is no result yet.'} />;
  const texts = textsIn(workflow.result);
  return (
    <div className="grid gap-4">
      {texts.map(([name, text]) => (
        <section key={name} className="grid gap-2">
          <h2 className="font-semibold">{name}</h2>
          <CodeBlock label={name} text={text} />
        </section>
      ))}
      <details open={texts.length === 0}>
        <summary className="text-muted">As JSON</summary>
        <div className="mt-2">
          <JsonBlock label="Result" value={workflow.result} />
        </div>
      </details>
    </div>
  );
}

/** Long texts of the result by the way to them: what a reader came for. */
function textsIn(value: unknown, path = 'result', depth = 0): [string, string][] {
  if (typeof value === 'string') return value.length > 80 || value.includes('\n') || depth === 0 ? [[path, value]] : [];
  if (typeof value !== 'object' || value === null || depth > 4) return [];
  return Object.entries(value).flatMap(([key, inner]) => textsIn(inner, depth === 0 ? key : `${path}.${key}`, depth + 1));
}
