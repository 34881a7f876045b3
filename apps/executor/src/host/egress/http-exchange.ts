import type { HostReply } from '../../sandbox/job.js';
import { judgeDestination, type Destination, type HostPolicy, type HttpGrant, type PrivatePermission } from './destination.js';
import type { CleanRequest } from './http-request.js';
import { NetworkError } from './network-error.js';
import { Reachability } from './reachability.js';
import { redact, revealsSecret, type Secrets } from './secrets.js';
import { sendOnce, type Answer, type Resolve } from './send-once.js';

export interface EgressOptions {
  /** What operators allow beyond the public internet. */
  privatePermissions?: readonly PrivatePermission[];
  /** Headers that grants may name in `secretHeader`; they never reach a plugin. */
  secrets?: Secrets;
  /** How names are resolved; the system's resolver by default. */
  resolve?: Resolve;
  connectTimeoutMs?: number;
  maxBodyBytes?: number;
}

/** Who asks, and what it may reach. */
export interface Egress {
  tool: string;
  grants: readonly HttpGrant[];
  /** Hosts that the policy of the tenant allows; absent: it does not say. */
  policy?: HostPolicy;
}

/** One HTTP exchange for a tool, redirects included. Never throws: what went wrong is in the reply. */
export type HttpExchange = (egress: Egress, request: CleanRequest, signal: AbortSignal) => Promise<HostReply>;

const MAX_REDIRECTS = 3;

export function createHttpExchange(options: EgressOptions = {}): HttpExchange {
  const reachability = new Reachability();
  return async (egress, request, signal) => {
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(request.timeoutMs)]);
    try {
      return await follow(egress, request, deadline);
    } catch (error) {
      if (error instanceof NetworkError) return { error: { code: error.code, message: error.message, detail: error.detail } };
      throw error;
    }
  };

  async function follow(egress: Egress, request: CleanRequest, signal: AbortSignal): Promise<HostReply> {
    let current = request;
    for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
      const destination = judge(egress, current);
      const answer = await exchange(destination, current, signal);
      const next = redirectOf(answer, destination, current);
      if (!next) return { value: { status: answer.status, url: destination.url.href, headers: answer.headers, body: redact(answer.body, options.secrets ?? {}) } };
      current = next;
    }
    throw new NetworkError('network_failed', `${request.url} redirects more than ${MAX_REDIRECTS} times.`, { limit: MAX_REDIRECTS });
  }

  function judge({ tool, grants, policy }: Egress, request: CleanRequest): Destination {
    const verdict = judgeDestination(request.url, tool, grants, options.privatePermissions ?? [], policy);
    if (!verdict.allowed) throw new NetworkError('tool_host_denied', `Tool ${tool} may not reach this: ${verdict.reason}.`, { function: 'http' });
    if (revealsSecret(request, options.secrets ?? {})) throw new NetworkError('tool_host_denied', `Tool ${tool} tried to send a secret of this installation.`, { function: 'http' });
    return verdict.destination;
  }

  async function exchange(destination: Destination, request: CleanRequest, signal: AbortSignal): Promise<Answer> {
    if (!destination.privateAllowed) reachability.check(destination.host);
    const secret = destination.grant.secretHeader ? options.secrets?.[destination.grant.secretHeader] : undefined;
    try {
      const answer = await sendOnce(destination, request, { secret, signal, resolve: options.resolve, connectTimeoutMs: options.connectTimeoutMs, maxBodyBytes: options.maxBodyBytes });
      reachability.reached();
      return answer;
    } catch (error) {
      if (error instanceof NetworkError && !destination.privateAllowed) reachability.note(destination.host, error);
      throw error;
    }
  }
}

/** The request to follow a redirect with, or null when the answer is none. Every hop is judged like the first. */
function redirectOf(answer: Answer, { url }: Destination, request: CleanRequest): CleanRequest | null {
  const { location } = answer;
  if (answer.status < 300 || answer.status > 399 || !location) return null;
  if (!URL.canParse(location, url.href)) throw new NetworkError('network_failed', `${url.host} redirects to something that is no address.`, {});
  const target = new URL(location, url);
  if (url.protocol === 'https:' && target.protocol === 'http:') throw new NetworkError('tool_host_denied', `${url.host} redirects from https to http, which is not followed.`, { function: 'http' });
  const keepsBody = answer.status === 307 || answer.status === 308;
  // What was meant for one origin is not carried to another.
  if (keepsBody && request.body !== null && target.origin !== url.origin) throw new NetworkError('tool_host_denied', `${url.host} redirects a request with a body to ${target.host}, which is not followed.`, { function: 'http' });
  return { ...request, url: target.href, headers: target.origin === url.origin ? request.headers : {}, ...(keepsBody ? {} : { method: request.method === 'HEAD' ? 'HEAD' : 'GET', body: null }) };
}
