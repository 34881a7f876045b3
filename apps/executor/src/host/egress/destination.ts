import { isIP } from 'node:net';
import type { ToolGrants } from '@trivet/contracts';
import { isPublicAddress } from './address.js';

export type HttpGrant = NonNullable<ToolGrants['http']>[number];

/** An operator's word that a tool may reach one host although its address is private. Nobody else can say so. */
export interface PrivatePermission {
  /** The name of a bundled tool, or `<tenant>/<name>` of an uploaded one. */
  tool: string;
  host: string;
  port: number;
}

/** The only hosts that the tools of a tenant may reach. */
export interface HostPolicy {
  tenant: string;
  hosts: readonly string[];
}

export interface Destination {
  url: URL;
  /** Lower case, without brackets and without the trailing dot. */
  host: string;
  port: number;
  grant: HttpGrant;
  privateAllowed: boolean;
  /** It was asked for by the name of a service; where that is, is none of a plugin's business. */
  named?: boolean;
}

export type Verdict = { allowed: true; destination: Destination } | { allowed: false; reason: string };

/** Decides about an address from its text alone. The resolved addresses are checked again when the connection is made. */
export function judgeDestination(text: string, ruleName: string, grants: readonly HttpGrant[], permissions: readonly PrivatePermission[], policy?: HostPolicy): Verdict {
  const mistake = mistakeInAddress(text);
  if (mistake !== null) return refuse(mistake);
  const url = new URL(text);
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '').toLowerCase();
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
  const privateAllowed = permissions.some((permission) => permission.tool === ruleName && permission.host === host && permission.port === port);
  const grant = grants.find((each) => matchesGrant(each, host, port, url.protocol));
  if (!grant && grants.some((each) => each.host === '*' || matchesHost(each.host, host))) return refuse(`port ${port} of ${host} is not granted; a host means 443 for https and 80 for http, unless its grant names a port`);
  if (!grant) return refuse(`${host}:${port} is not among the hosts granted to the tool (${grants.map(describeGrant).join(', ')})`);
  if (policy && !policy.hosts.some((each) => matchesHost(each, host))) return refuse(`${host} is not among the hosts that the policy of tenant ${policy.tenant} allows (${policy.hosts.join(', ') || 'none'})`);
  if (!privateAllowed) {
    if (isIP(host) && !isPublicAddress(host)) return refuse(`${host} is not a public address`);
    if (!isIP(host) && isSpecialName(host)) return refuse(`${host} is a name of the local network`);
  }
  return { allowed: true, destination: { url, host, port, grant, privateAllowed } };
}

/** Why a text is no address that may be asked, wherever it leads; null when it may. */
export function mistakeInAddress(text: string): string | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url) return `'${shown(text)}' is not an address`;
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return `the scheme ${url.protocol} is not allowed, only http: and https:`;
  if (url.username || url.password) return 'an address may not hold a user name or password';
  // The text must mean the same to every reader: a backslash or a missing // is how two parsers are made to disagree.
  return /^https?:\/\/[^\\\s]*$/i.test(text) ? null : `'${shown(text)}' is ambiguous: backslashes, spaces and a missing // are not allowed`;
}

const refuse = (reason: string): Verdict => ({ allowed: false, reason });
const shown = (text: string): string => text.slice(0, 200);

const describeGrant = ({ host, port }: HttpGrant): string => (port ? `${host}:${port}` : host);

function matchesGrant(grant: HttpGrant, host: string, port: number, protocol: string): boolean {
  const portMatches = grant.port === undefined ? port === (protocol === 'https:' ? 443 : 80) : port === grant.port;
  return portMatches && (grant.host === '*' || matchesHost(grant.host, host));
}

/** A name as it is, or `*.` and the end of names below it. */
export function matchesHost(pattern: string, host: string): boolean {
  const wanted = pattern.toLowerCase();
  return wanted.startsWith('*.') ? host.endsWith(wanted.slice(1)) && host.length > wanted.length - 1 : host === wanted;
}

const LOCAL_SUFFIXES = ['.localhost', '.local', '.internal', '.intranet', '.lan', '.home', '.corp', '.home.arpa', '.test', '.invalid', '.onion'];

/** Names that can only mean something inside a network: a single label, and the reserved endings. */
function isSpecialName(host: string): boolean {
  return !host.includes('.') || LOCAL_SUFFIXES.some((suffix) => host.endsWith(suffix));
}
