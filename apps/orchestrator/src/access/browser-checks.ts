import { FailureError } from '@trivet/contracts';
import { isIP } from 'node:net';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

const LOOPBACK_NAME = /^(.+\.)?localhost$/;

/**
 * Refuses a request that came by a name that is not ours. A page of another site may have a name of its own point to this machine,
 * and then counts as the same site; the name is in Host. An address in figures cannot be made to point elsewhere.
 * @param names those that TRIVET_HTTP_NAMES gives
 * @throws FailureError forbidden
 */
export function checkHost({ host }: Headers, names: readonly string[]): void {
  if (typeof host !== 'string' || host === '') return;
  const name = nameOf(host);
  if (isIP(name) !== 0 || LOOPBACK_NAME.test(name) || names.includes(name)) return;
  throw new FailureError('forbidden', `The request names the host ${JSON.stringify(host.slice(0, 200))}, which this server is not known as.`, { hint: 'Use an IP address or localhost, or start it with TRIVET_HTTP_NAMES set to the names it has.' });
}

/**
 * Refuses what a page of another site has a browser send: with the credentials of whoever sits there, and without that person's will.
 * @param mustSay whether a request that does not say where it comes from is refused too
 * @throws FailureError forbidden
 */
export function checkOrigin(headers: Headers, { mustSay }: { mustSay: boolean }): void {
  const { 'sec-fetch-site': site, origin, host } = headers;
  // No script can set it.
  if (typeof site === 'string') {
    if (site === 'same-origin' || site === 'none') return;
    throw foreign(`a page of another site (Sec-Fetch-Site: ${site})`);
  }
  if (typeof origin === 'string') {
    if (URL.canParse(origin) && typeof host === 'string' && new URL(origin).host === host) return;
    throw foreign(`the origin ${JSON.stringify(origin.slice(0, 200))}`);
  }
  if (mustSay) throw foreign('a sender that does not say its origin');
}

const foreign = (from: string): FailureError =>
  new FailureError('forbidden', `The request would change something and comes from ${from}; only pages of this server may do that without a key in the request.`, { hint: 'Programs send Authorization: Bearer trv_… in place of a cookie.' });

/** A host without its port, in small letters; of an IPv6 address without its brackets. */
function nameOf(host: string): string {
  const bracketed = /^\[([^\]]+)\]/.exec(host)?.[1];
  return (bracketed ?? host.replace(/:\d*$/, '')).toLowerCase();
}
