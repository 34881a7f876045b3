import { matchesHost } from './destination.js';
import type { CleanRequest } from './http-request.js';

/** A header that the parent adds to what a tool asks, and that no plugin ever holds. */
export interface Secret {
  header: string;
  value: string;
  /**
   * Where it is sent, and nowhere else: `crm.example.com` or `*.example.com` means https and its usual port, `crm.example.com:8443` https and that port,
   * `http://crm.example.com:8080` what it says; `orders.trivet.internal` a service of the operator.
   */
  hosts: readonly string[];
  /** The only tools it is sent for: the name of a bundled one, or `<tenant>/<name>` of an uploaded one. */
  tools: readonly string[];
}

/** By the name that a grant gives in `secretHeader`. */
export type Secrets = Readonly<Record<string, Secret>>;

const HOST = /^(?:(https?):\/\/)?([^:/]+)(?::(\d+))?$/;

/** Whether a secret may travel to an origin; in clear only where the operator wrote so. */
export function isFor({ hosts }: Secret, { protocol, host, port }: { protocol: string; host: string; port: number }): boolean {
  return hosts.some((each) => {
    const [, scheme = 'https', name = '', given] = HOST.exec(each) ?? [];
    return protocol === `${scheme}:` && matchesHost(name, host) && port === Number(given ?? (scheme === 'https' ? 443 : 80));
  });
}

/** Shorter values would be found in innocent text. */
const MIN_SECRET_LENGTH = 8;

/** Every form in which a secret is looked for: whole, and without the scheme before it (`Bearer …`); plain, in base64, percent-encoded. */
function formsOf(secrets: Secrets): string[] {
  const values = Object.values(secrets).flatMap(({ value }) => [value, value.replace(/^[A-Za-z]+ +/, '')]).filter((value) => value.length >= MIN_SECRET_LENGTH);
  const forms = values.flatMap((value) => [value, Buffer.from(value).toString('base64').replace(/=+$/, ''), Buffer.from(value).toString('base64url'), encodeURIComponent(value)]);
  // The longest first: a part of one may be another.
  return [...new Set(forms)].sort((left, right) => right.length - left.length);
}

/** Whether a request a plugin wrote holds one of our secrets, plain, percent-encoded or in base64. */
export function revealsSecret(request: CleanRequest, secrets: Secrets): boolean {
  const text = [request.url, ...Object.values(request.headers), request.body ?? ''].join('\n');
  const decoded = safelyDecoded(text);
  return formsOf(secrets).some((form) => text.includes(form) || decoded.includes(form));
}

/** A peer may echo the header that we added; the plugin must not read it there. */
export function redact(text: string, secrets: Secrets): string {
  return formsOf(secrets).reduce((clean, form) => clean.replaceAll(form, '[secret]'), text);
}

function safelyDecoded(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_whole, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
