import { REASON_HEADER, type Account, type AccountLimits, type ApiKey, type ApiKeyBody, type ApiKeyWithSecret, type VendorBook, type Approval, type ApprovalDecision, type AuditRow, type DeadLetter, type DryRun, type ForkBody, type JsonObject, type JsonValue, type Page, type Prompt, type PromptDiff, type PromptPreview, type Queue, type Schedule, type ScheduleBody, type Scope, type Session, type StateAt, type Step, type TaskAccepted, type TaskSubmit, type TenantSummary, type Tool, type TraceSpan, type Worker, type Workflow, type WorkflowEvent, type WorkflowStatus } from '@trivet/contracts';
import { ClientError } from './client-error.js';
import { createSend, type HttpOptions, type Send } from './http.js';
import { streamWorkflow, type StreamItem, type StreamOptions } from './stream-workflow.js';

export type ClientOptions = HttpOptions;

export interface ListFilter {
  status?: WorkflowStatus;
  template?: string;
  /** `name=value`. */
  label?: string;
  /** Words of the goal. */
  q?: string;
  from?: string;
  to?: string;
  limit?: number;
  cursor?: string;
}

/** A schedule as it is sent: what has a default may be left out. */
export type NewSchedule = Pick<ScheduleBody, 'id' | 'cron' | 'at' | 'task'> & Partial<Omit<ScheduleBody, 'id' | 'cron' | 'at' | 'task'>>;

export interface PageOptions {
  limit?: number;
  cursor?: string;
}

/** Everything another system does with Trivet over HTTP. Every method throws a ClientError when it does not succeed. */
/** A version of a tool: tool.json, its module, and if you like cases.json and a signature (base64). */
export interface ToolUpload {
  manifest: string;
  module: Uint8Array;
  cases?: string | undefined;
  signature?: string | undefined;
}

export interface Client {
  /** Hands a task in. The same workflowId and body give the same workflow (`duplicate: true`). */
  submit(task: TaskSubmit, options?: { idempotencyKey?: string }): Promise<TaskAccepted>;
  /** The plan the task would get, and what it may cost; nothing runs. */
  plan(task: TaskSubmit): Promise<DryRun>;
  get(workflowId: string): Promise<Workflow>;
  list(filter?: ListFilter): Promise<Page<Workflow>>;
  /** Its steps; `parent` asks for those inside one of them only. */
  steps(workflowId: string, options?: PageOptions & { parent?: string }): Promise<Page<Step>>;
  /** The workflow and its steps as they were after the event `at`. */
  stateAt(workflowId: string, at?: number): Promise<StateAt>;
  events(workflowId: string, options?: { after?: number; limit?: number }): Promise<Page<WorkflowEvent>>;
  trace(workflowId: string): Promise<TraceSpan[]>;
  /** Follows the workflow until its terminal event, over broken connections too. */
  stream(workflowId: string, options?: StreamOptions): AsyncGenerator<StreamItem>;
  /** The workflow once it is terminal; a ClientError with the code `deadline_exceeded` when it is not within timeoutMs. */
  wait(workflowId: string, options?: { timeoutMs?: number }): Promise<Workflow>;
  cancel(workflowId: string, reason?: string): Promise<Workflow>;
  /** Nothing new begins until it is resumed. Of two at once, one gets a ClientError with the code `state_conflict`; so with the next two. */
  pause(workflowId: string, reason?: string): Promise<Workflow>;
  resume(workflowId: string, reason?: string): Promise<Workflow>;
  /** Runs again what failed; every result that is there is kept. */
  retry(workflowId: string, reason?: string): Promise<Workflow>;
  signal(workflowId: string, name: string, payload?: JsonValue): Promise<Workflow>;
  /** A new workflow from a step of this one, whose earlier results it takes over. */
  fork(workflowId: string, fork: ForkBody): Promise<TaskAccepted>;
  /** What waits for a person, oldest first. */
  approvals(options?: PageOptions): Promise<Page<Approval>>;
  decide(approvalId: string, decision: ApprovalDecision): Promise<void>;
  schedules(options?: PageOptions): Promise<Page<Schedule>>;
  schedule(id: string): Promise<Schedule>;
  createSchedule(schedule: NewSchedule): Promise<Schedule>;
  replaceSchedule(id: string, schedule: NewSchedule): Promise<Schedule>;
  deleteSchedule(id: string): Promise<void>;
  pauseSchedule(id: string): Promise<Schedule>;
  resumeSchedule(id: string): Promise<Schedule>;
  /** Starts a run now, beside its times. */
  triggerSchedule(id: string): Promise<TaskAccepted>;
  /** Its next times. */
  nextTimes(id: string, count?: number): Promise<Page<string>>;
  budget(scope: Scope, id: string): Promise<Account>;
  setBudget(scope: Scope, id: string, limits: AccountLimits): Promise<Account>;
  /** What went to vendors on a day (YYYY-MM-DD, UTC; absent: today), against the ledger. For the operator. */
  reconciliation(day?: string): Promise<VendorBook>;
  /** Each name in the version it stands for. */
  prompts(): Promise<Page<Prompt>>;
  /** @param selector a version, a label, or nothing: production, else latest */
  prompt(name: string, selector?: { version?: number; label?: string }): Promise<Prompt>;
  /** Newest first. */
  promptVersions(name: string): Promise<Page<Prompt>>;
  /** Keeps a file with front matter as the next version; the same as the newest is that one again. */
  putPrompt(name: string, markdown: string): Promise<Prompt>;
  setPromptLabel(name: string, label: string, version: number): Promise<Prompt>;
  removePromptLabel(name: string, label: string): Promise<void>;
  previewPrompt(name: string, wish: { version?: number; label?: string; variables: JsonObject }): Promise<PromptPreview>;
  diffPrompt(name: string, from: string, to?: string): Promise<PromptDiff>;
  tools(): Promise<Page<Tool>>;
  tool(name: string): Promise<Tool>;
  /** Newest first. */
  toolVersions(name: string): Promise<Page<Tool>>;
  /** Usable at once when this resolves; a ClientError lists every problem. */
  uploadTool(name: string, upload: ToolUpload): Promise<Tool>;
  enableTool(name: string): Promise<Tool>;
  /** Runs no call of it until it is enabled again. */
  disableTool(name: string): Promise<Tool>;
  removeTool(name: string): Promise<void>;
  workers(): Promise<Page<Worker>>;
  queues(): Promise<Page<Queue>>;
  dead(options?: PageOptions): Promise<Page<DeadLetter>>;
  /** Sends a dead letter back to its stream as it was, once. */
  requeueDead(seq: number, reason?: string): Promise<DeadLetter>;
  removeDead(seq: number, reason?: string): Promise<void>;
  /** The newest rows first. */
  audit(options?: PageOptions): Promise<Page<AuditRow>>;
  version(): Promise<Readonly<Record<string, unknown>>>;
  /** Who asks, as the server sees it. */
  session(): Promise<Session>;
  /** By name, without their secrets. */
  keys(): Promise<Page<ApiKey>>;
  /** Its secret is in this answer only. */
  createKey(key: ApiKeyBody): Promise<ApiKeyWithSecret>;
  /** Ends the old secret within a second. */
  rotateKey(id: string): Promise<ApiKeyWithSecret>;
  revokeKey(id: string): Promise<void>;
  /** For the operator. */
  tenants(): Promise<Page<TenantSummary>>;
  /** Erases a workflow that has ended, with those that it began. */
  eraseWorkflow(id: string): Promise<void>;
  /** Erases all of a tenant but its audit. For the operator. */
  eraseTenant(tenant: string): Promise<void>;
}

/** @example const { workflowId } = await createClient({ url: 'http://127.0.0.1:8080' }).submit({ goal: 'Analyse ACME' }); */
export function createClient(options: ClientOptions): Client {
  const send = createSend(options);
  const workflow = (id: string, tail = ''): string => `/api/v1/workflows/${encodeURIComponent(id)}${tail}`;
  return {
    submit: (task, { idempotencyKey } = {}) => readJson(send('/api/v1/tasks', { method: 'POST', body: task, headers: idempotencyKey ? { 'Idempotency-Key': idempotencyKey } : {} })),
    plan: (task) => readJson(send('/api/v1/tasks', { method: 'POST', body: task, query: { dryRun: true } })),
    get: (id) => readJson(send(workflow(id))),
    list: (filter) => readJson(send('/api/v1/workflows', { query: { ...filter } })),
    steps: (id, query) => readJson(send(workflow(id, '/steps'), { query: { ...query } })),
    stateAt: (id, at) => readJson(send(workflow(id, '/state'), { query: { at } })),
    events: (id, query) => readJson(send(workflow(id, '/events'), { query })),
    trace: (id) => readSpans(send(workflow(id, '/trace'))),
    stream: (id, streamOptions) => streamWorkflow(send, id, streamOptions),
    wait: (id, { timeoutMs } = {}) => waitForEnd(send, id, timeoutMs),
    ...controls(send),
    ...schedules(send),
    ...prompts(send),
    ...tools(send),
    ...administration(send),
    ...access(send),
  };
}

function controls(send: Send): Pick<Client, 'cancel' | 'pause' | 'resume' | 'retry' | 'signal' | 'fork' | 'approvals' | 'decide'> {
  const post = (id: string, verb: string, body: object): Promise<Response> => send(`/api/v1/workflows/${encodeURIComponent(id)}/${verb}`, { method: 'POST', body });
  const because = (verb: string) => (id: string, reason?: string): Promise<Workflow> => readJson(post(id, verb, reason ? { reason } : {}));
  return {
    cancel: because('cancel'),
    pause: because('pause'),
    resume: because('resume'),
    retry: because('retry'),
    signal: (id, name, payload) => readJson(post(id, 'signal', { name, ...(payload === undefined ? {} : { payload }) })),
    fork: (id, fork) => readJson(post(id, 'fork', fork)),
    approvals: (query) => readJson(send('/api/v1/approvals', { query: { ...query } })),
    decide: async (id, decision) => void (await send(`/api/v1/approvals/${encodeURIComponent(id)}/decide`, { method: 'POST', body: decision })),
  };
}

function schedules(send: Send): Pick<Client, 'schedules' | 'schedule' | 'createSchedule' | 'replaceSchedule' | 'deleteSchedule' | 'pauseSchedule' | 'resumeSchedule' | 'triggerSchedule' | 'nextTimes'> {
  const path = (id: string, tail = ''): string => `/api/v1/schedules/${encodeURIComponent(id)}${tail}`;
  return {
    schedules: (query) => readJson(send('/api/v1/schedules', { query: { ...query } })),
    schedule: (id) => readJson(send(path(id))),
    createSchedule: (body) => readJson(send('/api/v1/schedules', { method: 'POST', body })),
    replaceSchedule: (id, body) => readJson(send(path(id), { method: 'PUT', body })),
    deleteSchedule: async (id) => void (await send(path(id), { method: 'DELETE' })),
    pauseSchedule: (id) => readJson(send(path(id, '/pause'), { method: 'POST', body: {} })),
    resumeSchedule: (id) => readJson(send(path(id, '/resume'), { method: 'POST', body: {} })),
    triggerSchedule: (id) => readJson(send(path(id, '/trigger'), { method: 'POST', body: {} })),
    nextTimes: (id, count) => readJson(send(path(id, '/next'), { query: { count } })),
  };
}

function tools(send: Send): Pick<Client, 'tools' | 'tool' | 'toolVersions' | 'uploadTool' | 'enableTool' | 'disableTool' | 'removeTool'> {
  const path = (name: string, tail = ''): string => `/api/v1/tools/${encodeURIComponent(name)}${tail}`;
  return {
    tools: () => readJson(send('/api/v1/tools')),
    tool: (name) => readJson(send(path(name))),
    toolVersions: (name) => readJson(send(path(name, '/versions'))),
    uploadTool: (name, { manifest, module, cases, signature }) => {
      const form = new FormData();
      form.set('manifest', manifest);
      if (cases !== undefined) form.set('cases', cases);
      if (signature !== undefined) form.set('signature', signature);
      form.set('module', new Blob([new Uint8Array(module)], { type: 'application/wasm' }), `${name}.wasm`);
      return readJson(send(path(name), { method: 'PUT', body: form }));
    },
    enableTool: (name) => readJson(send(path(name, '/enable'), { method: 'POST', body: {} })),
    disableTool: (name) => readJson(send(path(name, '/disable'), { method: 'POST', body: {} })),
    removeTool: async (name) => void (await send(path(name), { method: 'DELETE' })),
  };
}

function prompts(send: Send): Pick<Client, 'prompts' | 'prompt' | 'promptVersions' | 'putPrompt' | 'setPromptLabel' | 'removePromptLabel' | 'previewPrompt' | 'diffPrompt'> {
  const path = (name = '', rest = ''): string => `/api/v1/prompts${name === '' ? '' : `/${encodeURIComponent(name)}`}${rest}`;
  const label = (name: string, text: string): string => path(name, `/labels/${encodeURIComponent(text)}`);
  return {
    prompts: () => readJson(send(path())),
    prompt: (name, { version, label: of } = {}) => readJson(send(path(name), { query: { ...(version === undefined ? {} : { version: String(version) }), ...(of === undefined ? {} : { label: of }) } })),
    promptVersions: (name) => readJson(send(path(name, '/versions'))),
    putPrompt: (name, markdown) => readJson(send(path(name), { method: 'PUT', text: markdown, headers: { 'Content-Type': 'text/markdown' } })),
    setPromptLabel: (name, of, version) => readJson(send(label(name, of), { method: 'PUT', body: { version } })),
    removePromptLabel: async (name, of) => void (await send(label(name, of), { method: 'DELETE' })),
    previewPrompt: (name, wish) => readJson(send(path(name, '/preview'), { method: 'POST', body: wish })),
    diffPrompt: (name, from, to) => readJson(send(path(name, '/diff'), { query: { from, ...(to === undefined ? {} : { to }) } })),
  };
}

function administration(send: Send): Pick<Client, 'budget' | 'setBudget' | 'reconciliation' | 'workers' | 'queues' | 'dead' | 'requeueDead' | 'removeDead' | 'audit' | 'version'> {
  const account = (scope: Scope, id: string): string => `/api/v1/budgets/${scope}/${encodeURIComponent(id)}`;
  return {
    budget: (scope, id) => readJson(send(account(scope, id))),
    reconciliation: (day) => readJson(send(`/api/v1/budgets/reconciliation${day === undefined ? '' : `?day=${encodeURIComponent(day)}`}`)),
    setBudget: (scope, id, limits) => readJson(send(account(scope, id), { method: 'PUT', body: limits })),
    workers: () => readJson(send('/api/v1/workers')),
    queues: () => readJson(send('/api/v1/queues')),
    dead: (query) => readJson(send('/api/v1/dead', { query: { ...query } })),
    requeueDead: (seq, reason) => readJson(send(`/api/v1/dead/${seq}/requeue`, { method: 'POST', body: reason ? { reason } : {} })),
    removeDead: async (seq, reason) => void (await send(`/api/v1/dead/${seq}`, { method: 'DELETE', headers: reason ? { [REASON_HEADER]: encodeURIComponent(reason) } : {} })),
    audit: (query) => readJson(send('/api/v1/audit', { query: { ...query } })),
    version: () => readJson(send('/version')),
  };
}

function access(send: Send): Pick<Client, 'session' | 'keys' | 'createKey' | 'rotateKey' | 'revokeKey' | 'tenants' | 'eraseWorkflow' | 'eraseTenant'> {
  const path = (id: string, tail = ''): string => `/api/v1/keys/${encodeURIComponent(id)}${tail}`;
  return {
    session: () => readJson(send('/api/v1/session')),
    keys: () => readJson(send('/api/v1/keys')),
    createKey: (key) => readJson(send('/api/v1/keys', { method: 'POST', body: key })),
    rotateKey: (id) => readJson(send(path(id, '/rotate'), { method: 'POST', body: {} })),
    revokeKey: async (id) => void (await send(path(id), { method: 'DELETE' })),
    tenants: () => readJson(send('/api/v1/tenants')),
    eraseWorkflow: async (id) => void (await send(`/api/v1/workflows/${encodeURIComponent(id)}`, { method: 'DELETE' })),
    eraseTenant: async (tenant) => void (await send(`/api/v1/tenants/${encodeURIComponent(tenant)}`, { method: 'DELETE' })),
  };
}

async function readJson<Body>(response: Promise<Response>): Promise<Body> {
  const body: Body = JSON.parse(await (await response).text());
  return body;
}

async function readSpans(response: Promise<Response>): Promise<TraceSpan[]> {
  const body = await readJson<{ spans?: TraceSpan[]; items?: TraceSpan[] }>(response);
  return body.spans ?? body.items ?? [];
}

async function waitForEnd(send: Send, workflowId: string, timeoutMs: number | undefined): Promise<Workflow> {
  const signal = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
  for await (const item of streamWorkflow(send, workflowId, { signal })) void item;
  if (signal?.aborted) throw new ClientError({ message: `workflow ${workflowId} has not ended within ${timeoutMs} ms`, code: 'deadline_exceeded' });
  return readJson(send(`/api/v1/workflows/${encodeURIComponent(workflowId)}`));
}
