import type { CleanRequest } from './http-request.js';

/** A header that the parent adds to what a tool asks, and that no plugin ever holds. */
export interface Secret {
  header: string;
  value: string;
  /** The only hosts it is sent to: a name as it is, or `*.` and the end of names below it. */
  hosts: readonly string[];
  /** The only tools it is sent for: the name of a bundled one, or `<tenant>/<name>` of an uploaded one. */
  tools: readonly string[];
}

/** By the name that a grant gives in `secretHeader`. */
export type Secrets = Readonly<Record<string, Secret>>;

/** Shorter values would be found in innocent text. */
const MIN_SECRET_LENGTH = 8;

const values = (secrets: Secrets): string[] => Object.values(secrets).map(({ value }) => value).filter((value) => value.length >= MIN_SECRET_LENGTH);

/** Whether a request a plugin wrote holds one of our secrets, plain, percent-encoded or in base64. */
export function revealsSecret(request: CleanRequest, secrets: Secrets): boolean {
  const text = [request.url, ...Object.values(request.headers), request.body ?? ''].join('\n');
  const decoded = safelyDecoded(text);
  return values(secrets).some((value) => text.includes(value) || decoded.includes(value) || text.includes(Buffer.from(value).toString('base64').replace(/=+$/, '')));
}

/** A peer may echo the header that we added; the plugin must not read it there. */
export function redact(text: string, secrets: Secrets): string {
  return values(secrets).reduce((clean, value) => clean.replaceAll(value, '[secret]'), text);
}

function safelyDecoded(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_whole, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
