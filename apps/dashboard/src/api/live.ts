import type { EventType } from '@trivet/contracts';
import type { QueryClient, QueryKey } from '@tanstack/react-query';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';

/** How long facts are gathered before what they touch is read again, in ms: a burst costs one read. */
const GATHER_MS = 400;

/**
 * Follows the facts of all workflows and reads again what they touch: the lists, the overview and the workflow itself. The browser comes back
 * with the last id it saw after a break, so nothing is missed. `connected` is false while the stream is down (the pages ask again every few seconds all the same).
 */
export function useLiveFacts(): { connected: boolean } {
  const client = useQueryClient();
  const [connected, setConnected] = useState(false);
  useEffect(() => {
    const source = new EventSource('/api/v1/stream');
    const refresh = gatherRefreshes(client);
    source.onopen = () => setConnected(true);
    source.onerror = () => setConnected(false);
    const onFact = (message: MessageEvent<string>) => refresh(workflowIdOf(message.data));
    for (const type of FACTS) source.addEventListener(type, onFact);
    return () => source.close();
  }, [client]);
  return { connected };
}

/** The facts that change what a list or an overview shows. */
const FACTS: EventType[] = ['task.accepted', 'workflow.started', 'workflow.paused', 'workflow.resumed', 'workflow.retried', 'workflow.cancelling', 'workflow.completed', 'workflow.failed', 'workflow.cancelled', 'step.completed', 'step.failed', 'step.retrying', 'call.lost', 'approval.requested', 'approval.decided', 'budget.threshold'];

const LISTS: QueryKey[] = [['workflows'], ['overview'], ['approvals']];

function gatherRefreshes(client: QueryClient): (workflowId: string | undefined) => void {
  const touched = new Set<string>();
  let state: 'idle' | 'gathering' | 'reading' | 'reading, with more to come' = 'idle';
  const gather = (): void => {
    state = 'gathering';
    setTimeout(() => void read(), GATHER_MS);
  };
  // One reading ends before the next begins: a server that answers slowly is not asked faster than it can.
  const read = async (): Promise<void> => {
    state = 'reading';
    const keys = [...LISTS, ...[...touched].map((id) => ['workflow', id])];
    touched.clear();
    await Promise.allSettled(keys.map((queryKey) => client.invalidateQueries({ queryKey })));
    if (hasMore()) gather();
    else state = 'idle';
  };
  const hasMore = (): boolean => state === 'reading, with more to come';
  return (workflowId) => {
    if (workflowId) touched.add(workflowId);
    if (state === 'idle') gather();
    else if (state === 'reading') state = 'reading, with more to come';
  };
}

function workflowIdOf(text: string): string | undefined {
  try {
    const fact: { workflowId?: unknown } = JSON.parse(text);
    return typeof fact.workflowId === 'string' ? fact.workflowId : undefined;
  } catch {
    return undefined;
  }
}
