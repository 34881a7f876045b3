import type { DeadLetter } from '@trivet/contracts';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useCursorList } from '../../api/cursor-list.js';
import { send } from '../../api/http.js';
import { useRole } from '../../api/session.js';
import { count } from '../../formatting/numbers.js';
import { Button } from '../../parts/button.js';
import { Card } from '../../parts/card.js';
import { CodeBlock, JsonBlock } from '../../parts/code-block.js';
import { ConfirmDialog } from '../../parts/confirm-dialog.js';
import { EmptyState } from '../../parts/empty-state.js';
import { Loaded } from '../../parts/loading.js';
import { MoreButton } from '../../parts/more-button.js';
import { TimeAgo } from '../../parts/time-ago.js';
import { toast } from '../../parts/toasts.js';

const VERBS = {
  requeue: { title: 'Requeue', about: 'It goes back to its stream as it was, once, and is handled as if it had just arrived.', danger: false },
  discard: { title: 'Discard', about: 'It is gone for good; the audit keeps that it was there.', danger: true },
};

type Verb = keyof typeof VERBS;

/** Messages nobody could handle, with their reason; back to their stream when that is mended. */
export function DeadLetters() {
  const { query, items = [] } = useCursorList<DeadLetter>(['dead'], '/api/v1/dead');
  const { mayWrite, mayAdminister } = useRole();
  const verbs: Verb[] = [...(mayWrite ? ['requeue' as const] : []), ...(mayAdminister ? ['discard' as const] : [])];
  const [asked, setAsked] = useState<{ letter: DeadLetter; verb: Verb }>();
  return (
    <div className="grid gap-4">
      <Loaded query={query}>
        {() =>
          items.length === 0 ? (
            <EmptyState title="No dead letters.">
              <p className="text-muted">A message that is broken, or whose handler keeps failing, is kept here with its reason, and the consumer goes on. To see one, publish what is no task:</p>
              <CodeBlock label="A broken message" text={`nats pub trivet.v1.task.submit.default 'not JSON'`} />
            </EmptyState>
          ) : (
            <ul aria-label="Dead letters" className="grid gap-4">
              {items.map((letter) => (
                <li key={letter.seq}>
                  <Letter letter={letter} verbs={verbs} onAsk={(verb) => setAsked({ letter, verb })} />
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      <MoreButton query={query} />
      {asked && <LetterDialog {...asked} onClose={() => setAsked(undefined)} />}
    </div>
  );
}

function Letter({ letter, verbs, onAsk }: { letter: DeadLetter; verbs: readonly Verb[]; onAsk: (verb: Verb) => void }) {
  const actions = (
    <span className="flex gap-2">
      {verbs.map((verb) => (
        <Button key={verb} tone={VERBS[verb].danger ? 'danger' : undefined} onClick={() => onAsk(verb)}>
          {VERBS[verb].title}…
        </Button>
      ))}
    </span>
  );
  return (
    <Card title={letter.reason || 'No reason was given'} actions={actions}>
      <p className="flex flex-wrap gap-x-4 text-muted">
        <span>number {letter.seq}</span>
        <span>from {letter.stream}</span>
        <TimeAgo at={letter.at} />
        <span>after {count(letter.attempts, 'attempt')}</span>
      </p>
      <details>
        <summary className="text-muted">Message and headers</summary>
        <div className="mt-2 grid gap-2">
          <CodeBlock label={`Message ${letter.seq}`} text={letter.body} />
          <JsonBlock label={`Headers of ${letter.seq}`} value={letter.headers} />
        </div>
      </details>
    </Card>
  );
}

function LetterDialog({ letter, verb, onClose }: { letter: DeadLetter; verb: Verb; onClose: () => void }) {
  const client = useQueryClient();
  const { title, about, danger } = VERBS[verb];
  const act = async (reason: string) => {
    await (verb === 'requeue' ? send(`/api/v1/dead/${letter.seq}/requeue`, { method: 'POST', body: { reason }, reason }) : send(`/api/v1/dead/${letter.seq}`, { method: 'DELETE', reason }));
    toast(`${title}: number ${letter.seq}`);
    await client.invalidateQueries({ queryKey: ['dead'] });
  };
  return (
    <ConfirmDialog title={`${title} number ${letter.seq}?`} verb={title} danger={danger} onConfirm={act} onClose={onClose}>
      <p>{about}</p>
      <p className="text-muted">{letter.reason}</p>
    </ConfirmDialog>
  );
}
