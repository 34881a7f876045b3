import { fail, inputText, jsonString, outputText } from "trivet";

/** Counts characters (code points), words and sentences. A Chinese or Japanese character counts as a word. */
export function run(): i32 {
  const text = jsonString(inputText(), "text");
  if (text === null) return fail("The input has no text.");
  const words = new Counter();
  let characters = 0;
  let sentences = 0;
  let open = false;
  for (let i = 0; i < text!.length; i++) {
    const c = text!.codePointAt(i);
    if (c > 0xffff) i++;
    characters++;
    words.see(c, i + 1 < text!.length ? text!.codePointAt(i + 1) : 0);
    if (isSentenceEnd(c)) {
      const next = i + 1 < text!.length ? text!.charCodeAt(i + 1) : 0x20;
      // A dot inside a number or a name such as example.com ends nothing.
      if (open && (c != 0x2e || next <= 0x20 || next == 0x22 || next == 0x29 || next == 0x201d)) {
        sentences++;
        open = false;
      }
    } else if (c > 0x20 && !isClosing(c)) open = true;
  }
  if (open) sentences++;
  outputText('{"characters":' + characters.toString() + ',"words":' + words.count.toString() + ',"sentences":' + sentences.toString() + "}");
  return 0;
}

class Counter {
  count: i32 = 0;
  private inside: bool = false;
  see(c: i32, next: i32): void {
    if (isIdeograph(c)) {
      this.count++;
      this.inside = false;
    } else if (isLetter(c)) {
      if (!this.inside) this.count++;
      this.inside = true;
    } else if ((c == 0x2e || c == 0x2c) && this.inside && isLetter(next) && !isIdeograph(next)) {
      // Part of a number or a name: 3.14, 1,000, example.com.
    } else if (c != 0x27 && c != 0x2019 && c != 0x2d) this.inside = false;
  }
}

function isIdeograph(c: i32): bool {
  return (c >= 0x3040 && c <= 0x30ff) || (c >= 0x3400 && c <= 0x9fff) || (c >= 0xf900 && c <= 0xfaff) || (c >= 0x20000 && c <= 0x2ffff);
}

function isLetter(c: i32): bool {
  if (c < 0x80) return (c >= 0x30 && c <= 0x39) || (c >= 0x41 && c <= 0x5a) || (c >= 0x61 && c <= 0x7a);
  // Beyond ASCII: everything but spaces, general punctuation, symbols, CJK punctuation, full-width forms and emoji.
  if (c < 0xc0) return c == 0xaa || c == 0xb5 || c == 0xba;
  if (c == 0xd7 || c == 0xf7) return false;
  if (c >= 0x2000 && c <= 0x2bff) return false;
  if (c >= 0x3000 && c <= 0x303f) return false;
  if (c >= 0xff00 && c <= 0xffef) return false;
  return !(c >= 0x1f000 && c <= 0x1faff);
}

function isSentenceEnd(c: i32): bool {
  return c == 0x2e || c == 0x21 || c == 0x3f || c == 0x3002 || c == 0xff01 || c == 0xff1f || c == 0x2026;
}

function isClosing(c: i32): bool {
  return c == 0x22 || c == 0x27 || c == 0x29 || c == 0x5d || c == 0x201d || c == 0x2019 || c == 0x300d || c == 0x300f || c == 0xff09;
}
