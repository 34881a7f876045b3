import { headers as createHeaders, type Msg, type MsgHdrs, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import { context } from '@opentelemetry/api';
import { FailureError, HEADERS, MOST_TASK_BYTES, asFailureError, parseJsonText, problemOf } from '@trivet/contracts';
import { headerValue, incomingContext, readHeader } from './message-headers.js';

/** A request to one of our rpc subjects. */
export interface RpcRequest {
  subject: string;
  /** The parsed JSON body; undefined when it was empty. */
  body: unknown;
  header: (name: string) => string | undefined;
}

export interface Endpoint {
  name: string;
  subject: string;
  metadata?: Record<string, string>;
  handle: (request: RpcRequest) => Promise<unknown>;
}

export interface ServiceDescription {
  name: string;
  /** The worker's id: `$SRV.PING.<name>.<id>` finds out whether it is alive. */
  id: string;
  version: string;
  description: string;
  endpoints: readonly Endpoint[];
  /** Shown in the statistics of each endpoint. */
  data?: () => Record<string, unknown>;
}

interface EndpointStats {
  requests: number;
  errors: number;
  lastError: string;
  processingMs: number;
}

/**
 * Makes this process discoverable by the NATS Services API (ADR-32: `$SRV.PING|INFO|STATS`) and answers its
 * endpoints, each once within the queue group `q`. The answer to an error is the problem document with the
 * service-error headers.
 */
export function startResponder(nats: NatsConnection, service: ServiceDescription): { stop: () => void } {
  const started = new Date().toISOString();
  const identity = { name: service.name, id: service.id, version: service.version, metadata: {} };
  const stats = new Map<string, EndpointStats>(service.endpoints.map((endpoint) => [endpoint.name, { requests: 0, errors: 0, lastError: '', processingMs: 0 }]));
  const subscriptions: Subscription[] = [];

  const verbs: Record<string, () => unknown> = {
    PING: () => ({ type: 'io.nats.micro.v1.ping_response', ...identity }),
    INFO: () => ({ type: 'io.nats.micro.v1.info_response', ...identity, description: service.description, endpoints: service.endpoints.map(({ name, subject, metadata }) => ({ name, subject, queue_group: 'q', metadata: metadata ?? {} })) }),
    STATS: () => ({ type: 'io.nats.micro.v1.stats_response', ...identity, started, endpoints: service.endpoints.map((endpoint) => statsOf(endpoint, stats.get(endpoint.name), service.data)) }),
  };
  for (const [verb, answer] of Object.entries(verbs)) {
    for (const subject of [`$SRV.${verb}`, `$SRV.${verb}.${service.name}`, `$SRV.${verb}.${service.name}.${service.id}`]) {
      subscriptions.push(nats.subscribe(subject, { callback: (error, message) => (error ? undefined : void message.respond(JSON.stringify(answer()))) }));
    }
  }
  for (const endpoint of service.endpoints) {
    subscriptions.push(nats.subscribe(endpoint.subject, { queue: 'q', callback: (error, message) => (error ? undefined : void serve(nats, endpoint, message, stats.get(endpoint.name))) }));
  }
  return { stop: () => subscriptions.forEach((subscription) => subscription.unsubscribe()) };
}

function statsOf(endpoint: Endpoint, stats: EndpointStats | undefined, data: ServiceDescription['data']): Record<string, unknown> {
  const requests = stats?.requests ?? 0;
  const processingNs = Math.round((stats?.processingMs ?? 0) * 1_000_000);
  return {
    name: endpoint.name,
    subject: endpoint.subject,
    queue_group: 'q',
    num_requests: requests,
    num_errors: stats?.errors ?? 0,
    last_error: stats?.lastError ?? '',
    processing_time: processingNs,
    average_processing_time: requests === 0 ? 0 : Math.round(processingNs / requests),
    data: data?.() ?? {},
  };
}

async function serve(nats: NatsConnection, endpoint: Endpoint, message: Msg, stats: EndpointStats | undefined): Promise<void> {
  const startedAt = performance.now();
  let failed: string | undefined;
  try {
    const answer = await context.with(incomingContext(message.headers), () => endpoint.handle({ subject: message.subject, body: parseBody(message), header: (name) => readHeader(message.headers, name) }));
    respond(nats, message, JSON.stringify(answer ?? {}));
  } catch (thrown) {
    const error = asFailureError(thrown);
    const problem = problemOf(error);
    failed = problem.detail;
    const headers = createHeaders();
    headers.set(HEADERS.serviceError, headerValue(problem.detail));
    headers.set(HEADERS.serviceErrorCode, String(problem.status));
    respond(nats, message, JSON.stringify(problem), headers);
  }
  if (!stats) return;
  stats.requests += 1;
  stats.processingMs += performance.now() - startedAt;
  if (failed !== undefined) {
    stats.errors += 1;
    stats.lastError = failed;
  }
}

/** Through the connection's publish, which writes many answers at once; the message's own respond does not. */
function respond(nats: NatsConnection, message: Msg, body: string, headers?: MsgHdrs): void {
  if (message.reply && !nats.isClosed()) nats.publish(message.reply, body, headers ? { headers } : {});
}

function parseBody(message: Msg): unknown {
  if (message.data.byteLength === 0) return undefined;
  if (message.data.byteLength > MOST_TASK_BYTES) throw new FailureError('payload_too_large', `The body has ${message.data.byteLength} bytes; the limit is ${MOST_TASK_BYTES}.`);
  return parseJsonText(new TextDecoder().decode(message.data), 'the body');
}
