import type { Artefact, JsonObject, JsonValue, ToolGrants, ToolPolicy } from '@trivet/contracts';
import type { HostHandler, HostReply } from '../sandbox/job.js';
import type { HostFunctionName } from '../sandbox/slot/messages.js';
import type { Egress, HttpExchange } from './egress/http-exchange.js';
import { readHttpRequest } from './egress/http-request.js';
import type { DocumentSource } from './files.js';
import { EMBEDDING_OPERATIONS } from './memory-request.js';

/** Of which call a host function is asked; what an injected function needs to know to act under it. */
export interface HostCallContext {
  tenant: string;
  workflowId: string;
  stepId: string;
  callId: string;
  attempt: number;
  /** Name of the tool that asks. */
  tool: string;
  /** Uploaded by the tenant, so not the tool of that name that rules of the operator mean. */
  uploaded?: boolean;
  /** 0 for the orchestrator's own call; a tool called by it runs at depth 1. */
  depth: number;
  /** For a tool called by a tool: the how-manieth call of a tool it is, at each depth. */
  within?: readonly number[];
  user?: string;
  session?: string;
  /** Workflows above that of the call: a question to the model is charged to them too. */
  ancestors?: string[];
  deadlineAt?: number;
  /** What the call has written so far, by name, with what the tools wrote that it called; absent: nothing it writes is kept. */
  artefacts?: Map<string, Artefact>;
  /** What the policy of the tenant says of tools; absent: nothing. */
  policy?: ToolPolicy | undefined;
}

/**
 * A host function that is answered elsewhere (the model tier, another tool, state). `occurrence` counts the calls of this
 * kind in this tool call from 1, so that the id of a child call is the same after a takeover.
 */
export type InjectedFunction = (call: HostCallContext, request: JsonValue, occurrence: number, signal: AbortSignal) => Promise<HostReply>;

export interface HostServices {
  http: HttpExchange;
  /** The documents of a tool; null when it has none. */
  documents(call: HostCallContext): DocumentSource | null;
  log(call: HostCallContext, message: string, fields: JsonObject): void;
  progress(call: HostCallContext, fraction: number, message: string): void;
  /** Absent: this executor does not provide it, and a tool that asks is denied. */
  model?: InjectedFunction;
  tool?: InjectedFunction;
  kv?: InjectedFunction;
  memory?: InjectedFunction;
  artefacts?: InjectedFunction;
}

const MAX_LINE_LENGTH = 4000;

/** The host functions of one call. Whatever the manifest does not grant, or the tenant's policy withholds, is denied here, in the parent. */
export function createHostHandler(call: HostCallContext, grants: ToolGrants, services: HostServices): HostHandler {
  const occurrences = new Map<HostFunctionName | 'artefacts', number>();
  let documents: DocumentSource | null = null;
  const refuse = (name: GrantedFunction, granted: boolean | undefined): HostReply | null => (granted ? withheld(call, name) : notGranted(call.tool, name));
  const inject = (name: 'model' | 'tool' | 'kv' | 'memory' | 'artefacts', request: unknown, signal: AbortSignal): Promise<HostReply> | HostReply => {
    const service = services[name];
    if (!service) return deny(`This executor provides no ${name}, which tool ${call.tool} asked for.`, { function: name });
    const occurrence = (occurrences.get(name) ?? 0) + 1;
    occurrences.set(name, occurrence);
    // Parsed from JSON a moment ago.
    return service(call, request as JsonValue, occurrence, signal);
  };
  const answerFiles = (request: unknown, signal: AbortSignal): Promise<HostReply> | HostReply => {
    if (text(request, 'op') === 'write') return refuse('artefacts', grants.artefacts) ?? inject('artefacts', request, signal);
    return refuse('files', grants.files) ?? readDocuments(call, request, (documents ??= services.documents(call)));
  };
  const answerMemory = (request: unknown, signal: AbortSignal): Promise<HostReply> | HostReply => refuse('memory', grants.memory) ?? (needsModel(request) ? withheld(call, 'model') : null) ?? inject('memory', request, signal);
  return async (name, request, signal) => {
    switch (name) {
      case 'log':
        services.log(call, text(request, 'message'), record(request, 'fields'));
        return { value: null };
      case 'progress':
        services.progress(call, fraction(request), text(request, 'message'));
        return { value: null };
      case 'files':
        return answerFiles(request, signal);
      case 'http':
        return refuse('http', (grants.http?.length ?? 0) > 0) ?? services.http(egressOf(call, grants), readHttpRequest(request), signal);
      case 'model':
        return refuse('model', grants.model) ?? inject('model', request, signal);
      case 'kv':
        return refuse('kv', grants.kv) ?? inject('kv', request, signal);
      case 'memory':
        return answerMemory(request, signal);
      case 'tool': {
        const wanted = text(request, 'name');
        if (!grants.tools?.includes(wanted)) return deny(`Tool ${call.tool} may not call tool ${wanted}; its manifest grants ${grants.tools?.join(', ') || 'none'}.`, { function: 'tool', tool: wanted });
        return refuse('tool', true) ?? inject('tool', request, signal);
      }
      default:
        return name satisfies never;
    }
  };
}

async function readDocuments(call: HostCallContext, request: unknown, documents: DocumentSource | null): Promise<HostReply> {
  if (!documents) return deny(`No documents are granted to tool ${call.tool}.`, { function: 'files' });
  const op = text(request, 'op');
  if (op === 'list') return { value: await documents.list() };
  if (op !== 'read') return { error: { code: 'invalid_request', message: `files knows list, read and write, not '${op}'.` } };
  const name = text(request, 'name');
  const content = await documents.read(name);
  return content === null ? deny(`Tool ${call.tool} may not read '${name}'; it is not among the documents granted to it.`, { function: 'files', name: name.slice(0, 200) }) : { value: content };
}

type GrantedFunction = Exclude<HostFunctionName, 'log' | 'progress'> | 'artefacts';

function withheld({ tool, tenant, policy }: HostCallContext, name: GrantedFunction): HostReply | null {
  if (!policy?.withhold?.includes(name === 'tool' ? 'tools' : name)) return null;
  return deny(`Tool ${tool} asked for ${name}, which the policy of tenant ${tenant} withholds; the operator can change it (/api/v1/policies/${tenant}, tools.withhold).`, { function: name, policy: tenant });
}

/** Who may not spend on the model may not have texts embedded. */
const needsModel = (request: unknown): boolean => EMBEDDING_OPERATIONS.some((op) => op === text(request, 'op'));

const egressOf = ({ tool, tenant, uploaded, policy }: HostCallContext, { http = [] }: ToolGrants): Egress => ({ tool, ruleName: uploaded ? `${tenant}/${tool}` : tool, grants: http, ...(policy?.hosts ? { policy: { tenant, hosts: policy.hosts } } : {}) });

const notGranted = (tool: string, name: string): HostReply => deny(`Tool ${tool} asked for ${name}, which its manifest does not grant.`, { function: name });

function deny(message: string, detail: JsonObject): HostReply {
  return { error: { code: 'tool_host_denied', message, detail } };
}

function field(request: unknown, name: string): unknown {
  return typeof request === 'object' && request !== null && Object.hasOwn(request, name) ? Reflect.get(request, name) : undefined;
}

function text(request: unknown, name: string): string {
  const value = field(request, name);
  return typeof value === 'string' ? value.slice(0, MAX_LINE_LENGTH) : '';
}

function record(request: unknown, name: string): JsonObject {
  const value = field(request, name);
  // Parsed from JSON a moment ago; an object of it is a JSON object.
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

function fraction(request: unknown): number {
  const value = field(request, 'fraction');
  return typeof value === 'number' && Number.isFinite(value) ? Math.min(1, Math.max(0, value)) : 0;
}
