const ASCII_CHARACTERS_PER_TOKEN = 3.5;
const TOKENS_PER_OTHER_CHARACTER = 1.1;

/**
 * How much a text counts where no vendor's tokenizer applies: about what common ones give for English (3.5 characters
 * a token) and Chinese (1.1 tokens a character). The offline provider is charged exactly this, before and after.
 */
export function countLocalTokens(text: string): number {
  let ascii = 0;
  let others = 0;
  for (const character of text) {
    if (character.charCodeAt(0) < 128) ascii += 1;
    else others += 1;
  }
  return Math.ceil(ascii / ASCII_CHARACTERS_PER_TOKEN + others * TOKENS_PER_OTHER_CHARACTER);
}

/** The longest beginning of a text that counts no more than a number of tokens. */
export function cutToLocalTokens(text: string, maxTokens: number): string {
  if (countLocalTokens(text) <= maxTokens) return text;
  const characters = [...text];
  let low = 0;
  let high = characters.length;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (countLocalTokens(characters.slice(0, middle).join('')) <= maxTokens) low = middle;
    else high = middle - 1;
  }
  return characters.slice(0, low).join('');
}
