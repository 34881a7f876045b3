import { useQuery } from '@tanstack/react-query';
import type { Workflow } from '@trivet/contracts';
import { getJson } from '../../api/http.js';

/** A row as it is now: read again by itself when a fact touches it, unless the list follows it already. */
export function useLiveRow(workflow: Workflow, isFollowed: boolean): Workflow {
  const { workflowId } = workflow;
  const { data } = useQuery({ queryKey: ['workflow', workflowId, 'row'], queryFn: ({ signal }) => getJson<Workflow>(`/api/v1/workflows/${workflowId}`, {}, signal), initialData: workflow, enabled: !isFollowed, staleTime: Infinity, refetchInterval: false, gcTime: 0 });
  return isFollowed ? workflow : data;
}
