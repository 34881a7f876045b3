/* Counts the words of a text: {"text": "..."} gives {"words": n, "longest": "..."}.
   A word is what stands between white space; the longest is the first of those with the most characters. */
#include <stdbool.h>
#include "extism.h"

enum { NONE = -1, REPLACEMENT = 0xfffd, MOST_BYTES = 512 * 1024 };

static uint8_t input[MOST_BYTES], *at = input, *end = input;
static int32_t text[MOST_BYTES]; /* in characters of Unicode */
static uint8_t output[3 * MOST_BYTES + 64], *out = output; /* \b becomes \u0008; nothing grows more */

/* ---- Output ---- */
static void put(int32_t byte) { *out++ = (uint8_t)byte; }
static void put_text(const char *ascii) { while (*ascii) put(*ascii++); }
static void put_number(int32_t number) {
  if (number > 9) put_number(number / 10);
  put('0' + number % 10);
}
static void put_character(int32_t code) {
  int more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  put(more == 0 ? code : 0xff << (7 - more) | code >> 6 * more);
  while (more-- > 0) put(0x80 | (code >> 6 * more & 0x3f));
}
static void put_json(const int32_t *from, int32_t count) {
  put('"');
  for (; count > 0; count--, from++) {
    if (*from == '"' || *from == '\\') put('\\');
    if (*from >= 0x20) put_character(*from);
    else { put_text("\\u00"); put('0' + *from / 16); put("0123456789abcdef"[*from % 16]); }
  }
  put('"');
}
static uint64_t block_of_output(void) {
  uint64_t block = block_alloc((uint64_t)(out - output)), address = block;
  for (uint8_t *byte = output; byte < out; byte++) block_store_u8(address++, *byte);
  return block;
}
/* The message of the failed call; run returns what this does, since only 0 is success. */
static int32_t fail(const char *message) {
  put_text(message);
  error_set(block_of_output());
  return 1;
}

/* ---- Input: each function takes what it is named for, or returns false or NONE ---- */
static bool take(char wanted) { return at < end && *at == wanted && at++; }
static void skip_space(void) { while (take(' ') || take('\t') || take('\n') || take('\r')) {} }
static bool take_token(char wanted) { skip_space(); return take(wanted); }
static bool take_end(void) { skip_space(); return at == end; }
static int32_t take_hex4(void) {
  int32_t value = 0;
  for (int count = 0, digit; count < 4; count++) {
    for (digit = 0; digit < 22 && !take("0123456789abcdefABCDEF"[digit]); digit++) {}
    if (digit == 22) return NONE;
    value = value * 16 + (digit < 16 ? digit : digit - 6);
  }
  return value;
}
static int32_t take_escaped(void) {
  static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
  for (int i = 0; letters[i]; i++) if (take(letters[i])) return meanings[i];
  int32_t code = take('u') ? take_hex4() : NONE;
  if (code < 0xd800 || code > 0xdfff) return code;
  /* A character beyond U+FFFF is written as a pair; half of one is no character. */
  uint8_t *after = at;
  int32_t low = code < 0xdc00 && take('\\') && take('u') ? take_hex4() : NONE;
  if (low >= 0xdc00 && low <= 0xdfff) return 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
  at = after;
  return REPLACEMENT;
}
/* The host sends nothing but UTF-8, so this is not checked. */
static int32_t take_character(void) {
  if (take('\\')) return take_escaped();
  if (at == end || *at < 0x20) return NONE;
  int32_t code = *at++;
  int more = code < 0xc0 ? 0 : code < 0xe0 ? 1 : code < 0xf0 ? 2 : 3;
  code &= more == 0 ? 0xff : 0x3f >> more;
  for (; more > 0 && at < end; more--) code = code << 6 | (*at++ & 0x3f);
  return code;
}
/* A string, to text; the number of its characters. */
static int32_t take_string(void) {
  if (!take_token('"')) return NONE;
  int32_t count = 0;
  while (!take('"')) if ((text[count++] = take_character()) == NONE) return NONE;
  return count;
}
static int32_t take_input(void) {
  bool named = take_token('{') && take_string() == 4 && text[0] == 't' && text[1] == 'e' && text[2] == 'x' && text[3] == 't';
  int32_t count = named && take_token(':') ? take_string() : NONE;
  return take_token('}') && take_end() ? count : NONE;
}

/* ---- The tool ---- */
static bool is_space(int32_t c) {
  return c == ' ' || (c >= 9 && c <= 13) || c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a)
    || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

__attribute__((export_name("run"))) int32_t run(void) {
  if (input_length() > MOST_BYTES) return fail("The input has more than 512 KiB.");
  for (uint64_t i = 0; i < input_length(); i++) *end++ = input_load_u8(i);
  int32_t count = take_input();
  if (count == NONE) return fail("The input must be JSON of the form {\"text\": \"...\"}.");

  int32_t words = 0, length = 0, longest = 0, start = 0;
  for (int32_t i = 0; i < count; i++) {
    length = is_space(text[i]) ? 0 : length + 1;
    if (length == 1) words++;
    if (length > longest) { longest = length; start = i + 1 - length; }
  }
  put_text("{\"words\":"); put_number(words); put_text(",\"longest\":"); put_json(text + start, longest); put('}');
  output_set(block_of_output(), (uint64_t)(out - output));
  return 0;
}
