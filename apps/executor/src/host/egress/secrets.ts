import type { CleanRequest } from './http-request.js';

/** Configured secrets by name: the header they travel in and its value. */
export type Secrets = Readonly<Record<string, { header: string; value: string }>>;

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
