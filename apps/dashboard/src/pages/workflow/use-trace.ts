import { useQuery } from '@tanstack/react-query';
import type { Page, TraceSpan, Workflow } from '@trivet/contracts';
import { getJson } from '../../api/http.js';
import { isTerminal } from '../../formatting/is-terminal.js';

/** The spans of a workflow; asked again while it runs, and once more after its end, when the last of them come in. */
export const useTrace = (workflow: Workflow) =>
  useQuery({ queryKey: ['trace', workflow.workflowId, workflow.status], queryFn: ({ signal }) => getJson<Page<TraceSpan>>(`/api/v1/workflows/${workflow.workflowId}/trace`, {}, signal), refetchInterval: isTerminal(workflow.status) ? 5_000 : 2_000 });
