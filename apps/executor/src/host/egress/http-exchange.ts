import type { HostReply } from '../../sandbox/job.js';
import { judgeDestination, type Destination, type HostPolicy, type HttpGrant, type Verdict } from './destination.js';
import type { CleanRequest } from './http-request.js';
import { NetworkError } from './network-error.js';
import type { OperatorRules } from './operator-rules.js';
import { Reachability } from './reachability.js';
import { isFor, redact, revealsSecret, type Secret } from './secrets.js';
import { destinationOfService } from './service-name.js';
import { sendOnce, type Answer, type Resolve } from './send-once.js';

export interface EgressOptions extends Partial<OperatorRules> {
  /** How names are resolved; the system's resolver by default. */
  resolve?: Resolve;
  connectTimeoutMs?: number;
  maxBodyBytes?: number;
}

/** Who asks, and what it may reach. */
export interface Egress {
  tool: string;
  /** How the operator's rules name it: a bundled tool by its name, an uploaded one as `<tenant>/<name>`. */
  ruleName: string;
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
      const answer = await exchange(egress, destination, current, signal);
      if (destination.named && isRedirect(answer)) throw new NetworkError('network_failed', `${new URL(current.url).hostname} redirects, which is not followed.`, {});
      const next = redirectOf(answer, destination, current);
      if (!next) return { value: { status: answer.status, url: destination.named ? current.url : destination.url.href, headers: redactAll(answer.headers), body: redact(answer.body, options.secrets ?? {}) } };
      current = next;
    }
    throw new NetworkError('network_failed', `${request.url} redirects more than ${MAX_REDIRECTS} times.`, { limit: MAX_REDIRECTS });
  }

  function judge(egress: Egress, request: CleanRequest): Destination {
    const { tool, ruleName, grants, policy } = egress;
    const service = destinationOfService(egress, request.url, options.services ?? {});
    const verdict: Verdict = service ? { allowed: true, destination: service } : judgeDestination(request.url, ruleName, grants, options.privatePermissions ?? [], policy);
    if (!verdict.allowed) throw new NetworkError('tool_host_denied', `Tool ${tool} may not reach this: ${verdict.reason}.`, { function: 'http' });
    if (revealsSecret(request, options.secrets ?? {})) throw new NetworkError('tool_host_denied', `Tool ${tool} tried to send a secret of this installation.`, { function: 'http' });
    return verdict.destination;
  }

  async function exchange(egress: Egress, destination: Destination, request: CleanRequest, signal: AbortSignal): Promise<Answer> {
    const secret = secretFor(egress, destination);
    if (!destination.privateAllowed) reachability.check(destination.host);
    try {
      const answer = await sendOnce(destination, request, { secret, signal, resolve: options.resolve, connectTimeoutMs: options.connectTimeoutMs, maxBodyBytes: options.maxBodyBytes });
      reachability.reached();
      return answer;
    } catch (error) {
      if (error instanceof NetworkError && !destination.privateAllowed) reachability.note(destination.host, error);
      if (error instanceof NetworkError && destination.named) throw new NetworkError(error.code, `The service ${new URL(request.url).hostname} did not answer properly (${error.code}).`, {});
      throw error;
    }
  }

  function redactAll(headers: Record<string, string>): Record<string, string> {
    return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, redact(value, options.secrets ?? {})]));
  }

  /** The header of the grant. One that the operator has not set up, or not for this tool and host, is an error: the peer would refuse the request anyway. */
  function secretFor({ tool, ruleName }: Egress, { url, host: address, port, named, grant }: Destination): Secret | undefined {
    if (grant.secretHeader === undefined) return undefined;
    const host = named ? grant.host : address;
    const secrets = options.secrets ?? {};
    const secret = Object.hasOwn(secrets, grant.secretHeader) ? secrets[grant.secretHeader] : undefined;
    if (!secret) throw new NetworkError('capability_unavailable', `Tool ${tool} needs the secret ${grant.secretHeader} for ${host}, which this installation does not have; the operator can set it up (docs/tools.md).`, { secret: grant.secretHeader });
    if (!secret.tools.includes(ruleName) || !(named ? secret.hosts.includes(host) : isFor(secret, { protocol: url.protocol, host, port }))) throw new NetworkError('tool_host_denied', `The secret ${grant.secretHeader} is not for ${ruleName} and ${named ? host : url.origin}; the operator can allow it (docs/tools.md).`, { function: 'http', secret: grant.secretHeader });
    return secret;
  }
}

const isRedirect = ({ status, location }: Answer): boolean => status >= 300 && status <= 399 && location !== null;

/** The request to follow a redirect with, or null when the answer is none. Every hop is judged like the first. */
function redirectOf(answer: Answer, { url }: Destination, request: CleanRequest): CleanRequest | null {
  const { location } = answer;
  if (!isRedirect(answer) || !location) return null;
  if (!URL.canParse(location, url.href)) throw new NetworkError('network_failed', `${url.host} redirects to something that is no address.`, {});
  const target = new URL(location, url);
  if (url.protocol === 'https:' && target.protocol === 'http:') throw new NetworkError('tool_host_denied', `${url.host} redirects from https to http, which is not followed.`, { function: 'http' });
  const keepsBody = answer.status === 307 || answer.status === 308;
  // What was meant for one origin is not carried to another.
  if (keepsBody && request.body !== null && target.origin !== url.origin) throw new NetworkError('tool_host_denied', `${url.host} redirects a request with a body to ${target.host}, which is not followed.`, { function: 'http' });
  return { ...request, url: target.href, headers: target.origin === url.origin ? request.headers : {}, ...(keepsBody ? {} : { method: request.method === 'HEAD' ? 'HEAD' : 'GET', body: null }) };
}
