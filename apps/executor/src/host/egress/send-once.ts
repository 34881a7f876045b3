import { lookup as systemLookup } from 'node:dns';
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { isPublicAddress } from './address.js';
import type { Destination } from './destination.js';
import type { CleanRequest } from './http-request.js';
import { NetworkError } from './network-error.js';
import { readBody } from './response-body.js';

/** All addresses of a name. */
export type Resolve = (host: string) => Promise<{ address: string; family: number }[]>;

export interface Answer {
  status: number;
  headers: Record<string, string>;
  location: string | null;
  body: string;
}

export interface SendOptions {
  secret?: { header: string; value: string } | undefined;
  signal: AbortSignal;
  resolve?: Resolve | undefined;
  connectTimeoutMs?: number | undefined;
  maxBodyBytes?: number | undefined;
}

const CONNECT_TIMEOUT_MS = 3000;
const MAX_BODY_BYTES = 2 * 1_048_576;
const MAX_HEADER_BYTES = 32_768;
const USER_AGENT = 'Trivet/1 (https://trivet.example/bot)';

/** Response headers a plugin may see; cookies and the like are not its business. */
const VISIBLE_HEADERS = ['content-type', 'content-language', 'content-length', 'date', 'etag', 'last-modified', 'retry-after', 'link', 'x-ratelimit-remaining', 'x-ratelimit-reset'];

/** One request and its answer, without following redirects. The connection goes to an address that was checked, and nowhere else. */
export async function sendOnce(destination: Destination, request: CleanRequest, options: SendOptions): Promise<Answer> {
  const addresses = await resolveChecked(destination, options);
  const response = await connect(destination, request, addresses, options);
  const headers = Object.fromEntries(VISIBLE_HEADERS.flatMap((name) => (typeof response.headers[name] === 'string' ? [[name, response.headers[name]]] : [])));
  const body = await readBody(response, options.maxBodyBytes ?? MAX_BODY_BYTES, destination.host, options.signal);
  return { status: response.statusCode ?? 0, headers, location: response.headers.location ?? null, body };
}

type Addresses = { address: string; family: number }[];

/** Every address of the name must be public: one bad one means that somebody plays with the name. */
async function resolveChecked({ host, privateAllowed }: Destination, options: SendOptions): Promise<Addresses> {
  // Node does not ask `lookup` for IP literals; those were checked with the address.
  if (isIP(host)) return [{ address: host, family: isIP(host) }];
  const addresses = await withTimeout((options.resolve ?? resolveBySystem)(host), host, options);
  const bad = addresses.find(({ address }) => !isPublicAddress(address));
  if (bad && !privateAllowed) throw new NetworkError('tool_host_denied', `${host} resolves to ${bad.address}, which is not a public address.`, { function: 'http' });
  if (addresses.length === 0) throw new NetworkError('network_unreachable', `${host} has no address.`, {});
  return addresses;
}

function resolveBySystem(host: string): Promise<Addresses> {
  return new Promise((resolve, reject) => {
    systemLookup(host, { all: true, verbatim: true }, (error, addresses) => (error ? reject(error) : resolve(addresses)));
  });
}

async function withTimeout(resolving: Promise<Addresses>, host: string, { signal, connectTimeoutMs = CONNECT_TIMEOUT_MS }: SendOptions): Promise<Addresses> {
  const giveUp = AbortSignal.any([signal, AbortSignal.timeout(connectTimeoutMs)]);
  const timedOut = new Promise<never>((_resolve, reject) => giveUp.addEventListener('abort', () => reject(new NetworkError('network_unreachable', `The name ${host} did not resolve within ${connectTimeoutMs} ms.`, { wholeNetwork: true })), { once: true }));
  try {
    return await Promise.race([resolving, timedOut]);
  } catch (error) {
    throw error instanceof NetworkError ? error : networkErrorOf(error, host);
  }
}

function connect(destination: Destination, request: CleanRequest, addresses: Addresses, options: SendOptions): Promise<IncomingMessage> {
  const { url, host, port } = destination;
  const connectTimeoutMs = options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
  // Pinned: whatever the name says next, this connection goes where we looked.
  const pinned: LookupFunction = (_name, lookupOptions, done) => {
    const [first] = addresses;
    if (lookupOptions.all) done(null, addresses);
    else done(null, first?.address ?? '', first?.family);
  };
  const headers = { 'user-agent': USER_AGENT, 'accept-encoding': 'gzip, deflate, br', ...request.headers, ...(options.secret ? { [options.secret.header]: options.secret.value } : {}) };
  // `agent: false`: no pool, no proxy of the environment, one connection for one request.
  const settings: RequestOptions = { method: request.method, headers, lookup: pinned, signal: options.signal, agent: false, maxHeaderSize: MAX_HEADER_BYTES };
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const outgoing = send(url, settings, resolve);
    const fail = (error: unknown): void => reject(options.signal.aborted ? new NetworkError('network_timeout', `${host} did not answer in time.`, { limitMs: request.timeoutMs }) : networkErrorOf(error, `${host}:${port}`));
    const timer = setTimeout(() => outgoing.destroy(new NetworkError('network_unreachable', `${host}:${port} did not accept a connection within ${connectTimeoutMs} ms.`, {})), connectTimeoutMs);
    outgoing.on('socket', (socket) => socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', () => clearTimeout(timer)));
    outgoing.on('close', () => clearTimeout(timer));
    outgoing.on('error', fail);
    outgoing.end(request.body ?? undefined);
  });
}

/** Errors that say 'this machine has no way out', not 'that peer is down'. */
const NO_NETWORK = new Set(['ENETUNREACH', 'ENETDOWN', 'EHOSTUNREACH', 'EAI_AGAIN', 'EADDRNOTAVAIL']);

function networkErrorOf(error: unknown, host: string): NetworkError {
  if (error instanceof NetworkError) return error;
  // Several addresses were tried: Node collects what each of them said.
  const causes: unknown[] = typeof error === 'object' && error !== null && 'errors' in error && Array.isArray(error.errors) ? error.errors : [error];
  const codes = causes.map((cause) => (typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : ''));
  const [code = ''] = codes;
  if (codes.some((each) => NO_NETWORK.has(each))) return new NetworkError('network_unreachable', `${host} cannot be reached: there is no network (${code}).`, { wholeNetwork: true, systemCode: code });
  if (code === 'ENOTFOUND') return new NetworkError('network_unreachable', `The name ${host} does not exist.`, { systemCode: code });
  return new NetworkError('network_failed', `${host} could not be talked to (${code || 'protocol error'}).`, { systemCode: code });
}
