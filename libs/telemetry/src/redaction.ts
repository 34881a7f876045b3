const REDACTED = '[redacted]';

/** JSON members whose value is a secret by their name, as they stand in a serialised line. */
const SECRET_MEMBER =
  /("[\w.-]{0,64}(?:authorization|api[_-]?key|password|passwd|secret|credential|cookie|private[_-]?key|access[_-]?token|refresh[_-]?token|auth[_-]?token|bearer[_-]?token)":\s?)(?:"(?:[^"\\]|\\.)*"|\[(?:"(?:[^"\\]|\\.)*",?)*\])/gi;

/** Values that are secrets by their form, wherever they stand. */
const SECRET_VALUES: readonly [RegExp, string][] = [
  [/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi, `$1 ${REDACTED}`],
  [/\b(?:sk|pk|rk)-[A-Za-z0-9_-]{12,}/g, REDACTED],
  [/\bAIza[A-Za-z0-9_-]{20,}/g, REDACTED],
  [/\b(?:tvly|ghp|gho|xoxb|xoxp|hf)[-_][A-Za-z0-9_-]{12,}/g, REDACTED],
  [/\bAKIA[A-Z0-9]{16}\b/g, REDACTED],
  [/(:\/\/[^\s:/@"]*:)[^\s@/"]+@/g, `$1${REDACTED}@`],
  [/([?&](?:api[_-]?key|key|token|access_token|secret|password)=)[^&\s"]+/gi, `$1${REDACTED}`],
];

/**
 * Takes secrets out of a text: members of JSON with a telling name, and values of a telling form (vendors' keys,
 * bearer tokens, passwords in URLs). A net below the rule that secrets are never logged, not a replacement for it.
 */
export function redactText(text: string): string {
  let redacted = text.replace(SECRET_MEMBER, `$1"${REDACTED}"`);
  for (const [form, replacement] of SECRET_VALUES) redacted = redacted.replace(form, replacement);
  return redacted;
}

/** The same, and besides these very values, whatever they look like (those the configuration holds). */
export function createRedactor(secrets: readonly string[]): (text: string) => string {
  const known = [...new Set(secrets)].filter((secret) => secret.length >= MIN_SECRET_LENGTH);
  return (text) => known.reduce((rest, secret) => rest.replaceAll(secret, REDACTED), redactText(text));
}

/** Shorter ones would blot out ordinary words. */
const MIN_SECRET_LENGTH = 6;
