import { useQueryClient } from '@tanstack/react-query';
import type { BulkAnswer } from '@trivet/contracts';
import { useState } from 'react';
import { send } from '../../api/http.js';
import { sentenceOf } from '../../api/problem.js';
import { count } from '../../formatting/numbers.js';
import { Button } from '../../parts/button.js';
import { Dialog } from '../../parts/dialog.js';
import { TextField } from '../../parts/fields.js';
import { Notice } from '../../parts/notice.js';
import type { Search } from '../../search.js';
import { VERBS, type Verb } from '../workflow/controls.js';
import { bulkFilter } from './list-query.js';

type Target = { ids: string[] } | { filters: Search };
type Told = Pick<BulkAnswer, 'done' | 'refused'>;

/** One request takes so many at most. */
const MOST_IDS = 200;

/** Acts on many, in parts, with progress; says of each that refused why. */
export function BulkDialog({ verb, whom, target, onClose }: { verb: Verb; whom: string; target: Target; onClose: () => void }) {
  const client = useQueryClient();
  const [reason, setReason] = useState('');
  const [told, setTold] = useState<Told>();
  const [state, setState] = useState<'asked' | 'busy' | 'over'>('asked');
  const [problem, setProblem] = useState<string>();
  const act = async () => {
    setState('busy');
    const sum: Told = { done: [], refused: [] };
    try {
      for await (const answer of bulk(verb, target, reason)) {
        sum.done.push(...answer.done);
        sum.refused.push(...answer.refused);
        setTold({ ...sum });
      }
    } catch (error) {
      setProblem(sentenceOf(error));
    }
    setState('over');
    await client.invalidateQueries({ queryKey: ['workflows'] });
  };
  return (
    <Dialog title={`${VERBS[verb].title} ${whom}?`} onClose={onClose}>
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void act();
        }}
      >
        <p className="text-muted">{VERBS[verb].about}</p>
        {state === 'asked' && <TextField label="Reason (kept in the audit)" value={reason} onChange={setReason} />}
        {told && <Progress told={told} />}
        {problem && <Notice tone="bad">{problem}</Notice>}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{state === 'over' ? 'Close' : 'Leave them'}</Button>
          {state !== 'over' && (
            <Button type="submit" tone={VERBS[verb].danger ? 'danger' : 'main'} busy={state === 'busy'}>
              {VERBS[verb].title}
            </Button>
          )}
        </div>
      </form>
    </Dialog>
  );
}

function Progress({ told }: { told: Told }) {
  return (
    <div role="status" className="grid gap-2">
      <p>
        {count(told.done.length, 'workflow')} done, {told.refused.length} refused.
      </p>
      {told.refused.length > 0 && (
        <ul className="grid max-h-48 gap-1 overflow-auto text-muted">
          {told.refused.map(({ workflowId, problem }) => (
            <li key={workflowId}>
              <code className="text-xs">{workflowId}</code> {problem.detail}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

async function* bulk(action: Verb, target: Target, reason: string): AsyncGenerator<BulkAnswer> {
  const told = (body: Record<string, unknown>) => send<BulkAnswer>('/api/v1/workflows/bulk', { method: 'POST', body: { action, ...(reason ? { reason } : {}), ...body } });
  if ('ids' in target) {
    for (let at = 0; at < target.ids.length; at += MOST_IDS) yield await told({ ids: target.ids.slice(at, at + MOST_IDS) });
    return;
  }
  let cursor: string | null = null;
  do {
    const answer: BulkAnswer = await told({ filter: bulkFilter(target.filters), ...(cursor ? { cursor } : {}) });
    yield answer;
    cursor = answer.nextCursor;
  } while (cursor);
}
