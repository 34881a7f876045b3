/** One route of the HTTP interface. Bodies and answers are named by their schema; `page of X` is a list of X, `X or Y` is one of the two. */
export interface RouteEntry {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  path: string;
  summary: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: string;
  answers: Record<number, string | null>;
}

/** Every HTTP route of Trivet on one screen. */
export const ROUTES: readonly RouteEntry[] = [
  { method: 'POST', path: '/api/v1/tasks', summary: 'Submit a task.', body: 'TaskSubmit', query: { wait: 'How long to wait for its end, such as 30s; then 200 with the whole workflow.', dryRun: 'true: the checked plan and what it may cost; 200 with a DryRun, and nothing is accepted.' }, headers: { 'Idempotency-Key': 'One key is one workflow.', traceparent: 'Continues your trace.' }, answers: { 202: 'TaskAccepted', 200: 'Workflow or DryRun' } },
  { method: 'GET', path: '/api/v1/workflows', summary: 'List workflows, newest first.', query: { status: 'One of the statuses.', label: 'key=value; several of one key mean any of them.', template: 'Made from this template.', q: 'Text in goal or id.', from: 'Created at or after (ISO 8601).', to: 'Created at or before.', limit: '1 to 200.', cursor: 'nextCursor of the page before.' }, answers: { 200: 'page of Workflow' } },
  { method: 'GET', path: '/api/v1/workflows/{id}', summary: 'One workflow.', answers: { 200: 'Workflow' } },
  { method: 'GET', path: '/api/v1/workflows/{id}/steps', summary: 'Its steps, each with its calls: those of the plan, then those inside them.', query: { parent: 'Only those inside this step.', limit: '1 to 1000.', cursor: 'nextCursor of the page before.' }, answers: { 200: 'page of Step' } },
  { method: 'GET', path: '/api/v1/workflows/{id}/events', summary: 'Its events in order.', query: { after: 'Only events with a higher seq.', limit: '1 to 1000.' }, answers: { 200: 'page of Event' } },
  { method: 'GET', path: '/api/v1/workflows/{id}/trace', summary: 'Its spans.', answers: { 200: 'page of TraceSpan' } },
  { method: 'GET', path: '/api/v1/workflows/{id}/stream', summary: 'Its events as they come, as server-sent events; closes after the terminal one.', headers: { 'Last-Event-ID': 'The last seq seen; nothing after it is missed or repeated.' }, answers: { 200: null } },
  { method: 'GET', path: '/api/v1/workflows/{id}/state', summary: 'The workflow and its steps as they were after one of its events.', query: { at: 'The seq of the event; absent: now.' }, answers: { 200: 'StateAt' } },
  { method: 'POST', path: '/api/v1/workflows/{id}/cancel', summary: 'Cancel it; what runs is stopped.', body: 'ControlBody', answers: { 202: 'Workflow' } },
  { method: 'POST', path: '/api/v1/workflows/{id}/pause', summary: 'Begin nothing new; what runs, ends.', body: 'ControlBody', answers: { 202: 'Workflow' } },
  { method: 'POST', path: '/api/v1/workflows/{id}/resume', summary: 'Go on after a pause. Of two at once, one gets 409.', body: 'ControlBody', answers: { 202: 'Workflow' } },
  { method: 'POST', path: '/api/v1/workflows/{id}/retry', summary: 'Run again what failed or was cancelled; every result that is there is kept.', body: 'ControlBody', answers: { 202: 'Workflow' } },
  { method: 'POST', path: '/api/v1/workflows/{id}/signal', summary: 'Wake the steps that wait for this signal, or keep it for the first that will.', body: 'SignalBody', answers: { 202: 'Workflow' } },
  { method: 'POST', path: '/api/v1/workflows/{id}/fork', summary: 'A new workflow from one of its steps; the results before it are taken over.', body: 'ForkBody', answers: { 202: 'TaskAccepted' } },
  { method: 'GET', path: '/api/v1/approvals', summary: 'What waits for a decision, oldest first.', query: { limit: '1 to 200.', cursor: 'nextCursor of the page before.' }, answers: { 200: 'page of Approval' } },
  { method: 'GET', path: '/api/v1/approvals/{id}', summary: 'One of them.', answers: { 200: 'Approval' } },
  { method: 'POST', path: '/api/v1/approvals/{id}/decide', summary: 'Approve or deny, with edited arguments if need be. Of two at once, one gets 409.', body: 'ApprovalDecision', answers: { 200: null } },
  { method: 'GET', path: '/api/v1/schedules', summary: 'The schedules, by id.', query: { limit: '1 to 200.', cursor: 'nextCursor of the page before.' }, answers: { 200: 'page of Schedule' } },
  { method: 'POST', path: '/api/v1/schedules', summary: 'Start a task at times: by cron, or once.', body: 'ScheduleBody', answers: { 201: 'Schedule' } },
  { method: 'GET', path: '/api/v1/schedules/{id}', summary: 'One schedule, with its latest runs.', answers: { 200: 'Schedule' } },
  { method: 'PUT', path: '/api/v1/schedules/{id}', summary: 'Replace it.', body: 'ScheduleBody', answers: { 200: 'Schedule' } },
  { method: 'DELETE', path: '/api/v1/schedules/{id}', summary: 'Remove it; runs that were started go on.', answers: { 204: null } },
  { method: 'GET', path: '/api/v1/schedules/{id}/next', summary: 'Its next times.', query: { count: '1 to 100.' }, answers: { 200: null } },
  { method: 'POST', path: '/api/v1/schedules/{id}/pause', summary: 'Start nothing until it is resumed.', answers: { 200: 'Schedule' } },
  { method: 'POST', path: '/api/v1/schedules/{id}/resume', summary: 'Go on with its next time.', answers: { 200: 'Schedule' } },
  { method: 'POST', path: '/api/v1/schedules/{id}/trigger', summary: 'Start a run now.', answers: { 202: 'TaskAccepted' } },
  { method: 'GET', path: '/api/v1/budgets/reconciliation', summary: 'What went to vendors on a day, by endpoint and model and whose word it is, against the ledger. The operator only.', query: { day: 'YYYY-MM-DD (UTC); absent: today.' }, answers: { 200: 'VendorBook' } },
  { method: 'GET', path: '/api/v1/budgets/{scope}/{id}', summary: 'An account: limits, used and held in each window.', answers: { 200: 'Account' } },
  { method: 'PUT', path: '/api/v1/budgets/{scope}/{id}', summary: 'Set limits of an account.', body: 'AccountLimits', answers: { 200: 'Account' } },
  { method: 'GET', path: '/api/v1/workers', summary: 'The live processes.', answers: { 200: 'page of Worker' } },
  { method: 'GET', path: '/api/v1/queues', summary: 'The durable consumers and the calls ready and dealt.', answers: { 200: 'page of Queue' } },
  { method: 'GET', path: '/api/v1/queues/keys', summary: 'What of each concurrency key is queued, runs and is tried again.', answers: { 200: 'page of KeyQueue' } },
  { method: 'GET', path: '/api/v1/policies', summary: 'The policies of tenants that have one; a tenant sees its own.', answers: { 200: 'page of Policy' } },
  { method: 'GET', path: '/api/v1/policies/{tenant}', summary: 'What a tenant may have at once.', answers: { 200: 'Policy' } },
  { method: 'PUT', path: '/api/v1/policies/{tenant}', summary: 'Set it; holds everywhere within a second.', body: 'PolicyBody', answers: { 200: 'Policy' } },
  { method: 'GET', path: '/api/v1/tools', summary: 'The tool catalog.', answers: { 200: 'page of Tool' } },
  { method: 'GET', path: '/api/v1/tools/{name}', summary: 'One tool.', answers: { 200: 'Tool' } },
  { method: 'PUT', path: '/api/v1/tools/{name}', summary: 'Upload a version of a tool as multipart/form-data: manifest (tool.json), module (WASM), and if you like cases (cases.json) and signature. Usable at once; every problem is listed.', answers: { 201: 'Tool', 200: 'Tool' } },
  { method: 'DELETE', path: '/api/v1/tools/{name}', summary: 'Remove an uploaded tool; workflows that are pinned to a version of it go on.', answers: { 204: null } },
  { method: 'GET', path: '/api/v1/tools/{name}/versions', summary: 'The versions that were uploaded, newest first.', answers: { 200: 'page of Tool' } },
  { method: 'POST', path: '/api/v1/tools/{name}/disable', summary: 'Run no call of it until it is enabled again.', answers: { 200: 'Tool' } },
  { method: 'POST', path: '/api/v1/tools/{name}/enable', summary: 'Run its calls again.', answers: { 200: 'Tool' } },
  { method: 'GET', path: '/api/v1/files', summary: 'The files of the tenant, by name; those that tools wrote name their workflow.', query: { workflowId: 'Only those that its tools wrote.' }, answers: { 200: 'page of StoredFile' } },
  { method: 'POST', path: '/api/v1/files', summary: 'Upload files as multipart/form-data; one of the same name is replaced. Tools with the grant files read them, docs_search searches them.', answers: { 201: 'page of StoredFile' } },
  { method: 'GET', path: '/api/v1/files/{name}', summary: 'The content of a file.', answers: { 200: null } },
  { method: 'DELETE', path: '/api/v1/files/{name}', summary: 'Remove a file.', answers: { 204: null } },
  { method: 'GET', path: '/api/v1/templates', summary: 'The templates.', answers: { 200: 'page of Template' } },
  { method: 'GET', path: '/api/v1/dead', summary: 'Dead letters, oldest first.', query: { limit: '1 to 200.', cursor: 'nextCursor of the page before.' }, answers: { 200: 'page of DeadLetter' } },
  { method: 'GET', path: '/api/v1/audit', summary: 'The audit log, newest first.', query: { limit: '1 to 200.', cursor: 'nextCursor of the page before.' }, answers: { 200: 'page of AuditRow' } },
  { method: 'GET', path: '/api/v1/audit/verify', summary: 'Checks the chain of the audit log.', answers: { 200: null } },
  { method: 'GET', path: '/livez', summary: 'Whether the process runs.', answers: { 200: null } },
  { method: 'GET', path: '/readyz', summary: 'Whether it can do its work; ?verbose says what is missing.', query: { verbose: 'Each check by itself.' }, answers: { 200: null, 503: null } },
  { method: 'GET', path: '/metrics', summary: 'Prometheus metrics.', answers: { 200: null } },
  { method: 'GET', path: '/version', summary: 'What runs.', answers: { 200: null } },
  { method: 'GET', path: '/openapi.json', summary: 'This document.', answers: { 200: null } },
  { method: 'GET', path: '/asyncapi.json', summary: 'The same for the bus.', answers: { 200: null } },
];
