import { useQuery } from '@tanstack/react-query';
import type { PromptDiff } from '@trivet/contracts';
import { getJson } from '../../api/http.js';
import { Card } from '../../parts/card.js';
import { SelectField } from '../../parts/fields.js';
import { Loaded } from '../../parts/loading.js';

type Line = PromptDiff['parts'][number]['lines'][number];

const SIGNS: Record<Line['change'], { sign: string; look: string; word: string }> = {
  same: { sign: ' ', look: 'text-muted', word: '' },
  added: { sign: '+', look: 'text-good', word: 'added: ' },
  removed: { sign: '−', look: 'text-bad', word: 'removed: ' },
};

/** How a version differs from another, line by line. */
export function PromptChanges({ name, from, to, versions, onFrom }: { name: string; from: string; to: string; versions: number[]; onFrom: (version: string) => void }) {
  const query = useQuery({ queryKey: ['prompts', name, 'diff', from, to], queryFn: ({ signal }) => getJson<PromptDiff>(`/api/v1/prompts/${name}/diff`, { from, to }, signal), staleTime: Infinity });
  return (
    <Card title={`What changed in version ${to}`} actions={<SelectField label="Against version" value={from} onChange={onFrom} options={versions.map((version) => ({ value: String(version), label: String(version) }))} />}>
      <Loaded query={query}>
        {({ parts }) =>
          parts.length === 0 ? (
            <p className="text-muted">Nothing: both say the same.</p>
          ) : (
            parts.map(({ part, lines }) => (
              <div key={part} className="grid gap-1">
                <h3 className="text-xs font-medium text-muted">{part}</h3>
                <pre tabIndex={0} aria-label={`Changes of ${part}`} className="max-h-80 overflow-auto rounded-md border border-line bg-page p-2 font-mono text-xs whitespace-pre-wrap">
                  {lines.map((line, index) => (
                    <span key={index} className={`block ${SIGNS[line.change].look}`}>
                      <span className="sr-only">{SIGNS[line.change].word}</span>
                      <span aria-hidden>{SIGNS[line.change].sign} </span>
                      {line.text}
                    </span>
                  ))}
                </pre>
              </div>
            ))
          )
        }
      </Loaded>
    </Card>
  );
}
