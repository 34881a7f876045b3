/** Bytes as text and back; the interpreter has neither TextDecoder nor atob. */

/** No character by itself, and so nothing that UTF-8 has bytes for. */
const HALF_OF_A_PAIR = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;

export function utf8(text: string): Uint8Array {
  const escaped = encodeURIComponent(text.replaceAll(HALF_OF_A_PAIR, '\uFFFD'));
  const bytes = new Uint8Array(escaped.length);
  let length = 0;
  for (let at = 0; at < escaped.length; at += 1) {
    if (escaped.charCodeAt(at) === 37) {
      bytes[length] = Number.parseInt(escaped.slice(at + 1, at + 3), 16);
      at += 2;
    } else bytes[length] = escaped.charCodeAt(at);
    length += 1;
  }
  return bytes.slice(0, length);
}

/** Null for bytes that are no UTF-8. */
export function textOf(bytes: Uint8Array): string | null {
  let text = '';
  // In pieces that end between characters, so that a large file makes no larger text of escapes.
  for (let start = 0; start < bytes.length; ) {
    let end = Math.min(start + 8192, bytes.length);
    while (end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80 && end > start + 1) end -= 1;
    let escaped = '';
    for (let at = start; at < end; at += 1) escaped += `%${(bytes[at] ?? 0).toString(16).padStart(2, '0')}`;
    try {
      text += decodeURIComponent(escaped);
    } catch {
      return null;
    }
    start = end;
  }
  return text;
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

export function base64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const [first = 0, second = 0, third = 0] = bytes.subarray(at, at + 3);
    const group = (first << 16) | (second << 8) | third;
    const digits = [18, 12, 6, 0].map((shift) => DIGITS[(group >> shift) & 63]);
    text += digits.slice(0, bytes.length - at + 1).join('').padEnd(4, '=');
  }
  return text;
}

/** Throws an Error for what is no base64. */
export function fromBase64(text: string): Uint8Array {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) throw new Error('it is no base64');
  const bytes = new Uint8Array((text.length / 4) * 3 - (text.match(/=+$/)?.[0].length ?? 0));
  for (let at = 0, to = 0; at < text.length; at += 4) {
    const group = [0, 1, 2, 3].reduce((sum, offset) => (sum << 6) | Math.max(0, DIGITS.indexOf(text[at + offset] ?? '')), 0);
    for (const shift of [16, 8, 0]) if (to < bytes.length) bytes[to++] = (group >> shift) & 255;
  }
  return bytes;
}
