import { matchesHost, mistakeInAddress, type Destination } from './destination.js';
import type { Egress } from './http-exchange.js';
import { NetworkError } from './network-error.js';

/** What a name below trivet.internal stands for: a service that the operator runs, wherever it is. */
export interface Service {
  /** Its address; the path of a request comes after the path of this. */
  url: string;
  /** The only tools that may ask it: the name of a bundled one, or `<tenant>/<name>` of an uploaded one. */
  tools: readonly string[];
}

/** By their whole names, such as searxng.trivet.internal. */
export type Services = Readonly<Record<string, Service>>;

const SUFFIX = '.trivet.internal';

/**
 * Where a request to such a name goes; null for every other address. A manifest can name the service without knowing where it is, and
 * the address may be a private one: it was the operator who gave it.
 * @throws NetworkError tool_host_denied, capability_unavailable
 */
export function destinationOfService({ tool, ruleName, grants, policy }: Egress, address: string, services: Services): Destination | null {
  const asked = URL.canParse(address) ? new URL(address) : null;
  const name = asked?.hostname ?? '';
  if (!asked || !name.endsWith(SUFFIX)) return null;
  const grant = grants.find(({ host }) => host === name);
  if (!grant) throw new NetworkError('tool_host_denied', `Tool ${tool} may not reach this: ${name} is not among the hosts granted to it.`, { function: 'http' });
  if (policy && !policy.hosts.some((each) => matchesHost(each, name))) throw new NetworkError('tool_host_denied', `Tool ${tool} may not reach this: ${name} is not among the hosts that the policy of tenant ${policy.tenant} allows.`, { function: 'http' });
  const mistake = mistakeInAddress(address) ?? (asked.port === '' ? null : `${name} is a name without ports`) ?? (/%(?:2f|5c)/i.test(asked.pathname) ? `the path ${asked.pathname.slice(0, 200)} hides a slash` : null);
  if (mistake !== null) throw new NetworkError('tool_host_denied', `Tool ${tool} may not reach this: ${mistake}.`, { function: 'http' });
  const service = Object.hasOwn(services, name) ? services[name] : undefined;
  if (!service) throw new NetworkError('capability_unavailable', `No service is set up for ${name}; the operator can do so (docs/tools.md).`, { service: name });
  if (!service.tools.includes(ruleName)) throw new NetworkError('tool_host_denied', `${name} is not for ${ruleName}; the operator can allow it (docs/tools.md).`, { function: 'http' });
  const url = new URL(service.url);
  const prefix = url.pathname.replace(/\/$/, '');
  url.pathname = `${prefix}${asked.pathname}`;
  url.search = asked.search;
  if (!url.pathname.startsWith(`${prefix}/`)) throw new NetworkError('tool_host_denied', `Tool ${tool} may not reach this: the path leads out of the service.`, { function: 'http' });
  return { url, host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port) || (url.protocol === 'https:' ? 443 : 80), grant, privateAllowed: true, named: true };
}
