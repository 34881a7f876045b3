import { FailureError, ID_PATTERN, REMOTE_SUBJECT, type EventType, type StreamName } from '@trivet/contracts';

/**
 * The only place where a subject is built. A NATS client does not validate subjects, so an id with a line break
 * would inject protocol, and one with a dot or wildcard would reach another tenant: every token is checked here.
 */
export const subjects = {
  taskSubmit: (tenant: string): string => join('task.submit', tenant),
  toolCall: (tenant: string, workflowId: string): string => join('tool.call', tenant, workflowId),
  modelCall: (tenant: string, workflowId: string): string => join('model.call', tenant, workflowId),
  toolResult: (tenant: string, workflowId: string): string => join('tool.result', tenant, workflowId),
  modelResult: (tenant: string, workflowId: string): string => join('model.result', tenant, workflowId),
  event: (tenant: string, workflowId: string, type: EventType): string => `${join('event', tenant, workflowId)}.${type}`,
  eventsOf: (tenant: string, workflowId: string): string => `${join('event', tenant, workflowId)}.>`,
  allEvents: (): string => 'trivet.v1.event.>',
  eventsOfTenant: (tenant: string): string => `${join('event', tenant)}.>`,
  /** Facts of all workflows of a tenant: `*` as the fact stands for all of its noun. */
  factsOf: (tenant: string, noun: string, fact: string): string => `${join('event', tenant)}.*.${noun}.${fact}`,
  delta: (tenant: string, workflowId: string, callId: string): string => join('delta', tenant, workflowId, callId),
  deltasOf: (tenant: string, workflowId: string): string => `${join('delta', tenant, workflowId)}.*`,
  callCancel: (tenant: string, workflowId: string): string => join('call.cancel', tenant, workflowId),
  allCancels: (): string => 'trivet.v1.call.cancel.*.*',
  span: (tenant: string, workflowId: string): string => join('span', tenant, workflowId),
  /** All of a workflow, or of a tenant, that is on its way to a worker, from one, or kept for the trace view. */
  callsOf: (tenant: string, workflowId?: string): string => `trivet.v1.*.${checked('call', tenant)}.${workflowId === undefined ? '*' : checked(workflowId)}`,
  resultsOf: (tenant: string, workflowId?: string): string => `trivet.v1.*.${checked('result', tenant)}.${workflowId === undefined ? '*' : checked(workflowId)}`,
  spansOf: (tenant: string): string => `${join('span', tenant)}.*`,
  dead: (stream: StreamName): string => join('dead', stream),
  remoteTool: (subject: string): string => {
    if (!REMOTE_SUBJECT.test(subject)) throw new FailureError('invalid_request', `${JSON.stringify(subject.slice(0, 80))} is no subject of a remote tool: it must match ${REMOTE_SUBJECT.source}`);
    return subject;
  },
  rpc: (noun: string, verb: string, tenant?: string): string => (tenant === undefined ? join('rpc', noun, verb) : join('rpc', noun, verb, tenant)),
  rpcAnyTenant: (noun: string, verb: string): string => `${join('rpc', noun, verb)}.*`,
} as const;

/** The tenant token of a subject such as `trivet.v1.task.submit.<tenant>`, or undefined when it has none. */
export function subjectToken(subject: string, index: number): string | undefined {
  return subject.split('.')[index];
}

/** The workflow that a call or a result belongs to; undefined for a subject of no workflow. */
export function workflowOfSubject(subject: string): { tenant: string; workflowId: string } | undefined {
  const [, , , , tenant, workflowId] = subject.split('.');
  return tenant !== undefined && workflowId !== undefined ? { tenant, workflowId } : undefined;
}

const join = (verb: string, ...tokens: string[]): string => `trivet.v1.${verb}.${checked(...tokens)}`;

/** @throws FailureError invalid_request */
function checked(...tokens: string[]): string {
  for (const token of tokens) {
    if (!ID_PATTERN.test(token)) {
      throw new FailureError('invalid_request', `${JSON.stringify(token.slice(0, 80))} cannot be part of a subject: an id must match ${ID_PATTERN.source}`);
    }
  }
  return tokens.join('.');
}
