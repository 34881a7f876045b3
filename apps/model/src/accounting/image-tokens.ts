/** The most an image counts at any vendor, whatever its size; they scale large ones down (OpenAI 3,800, Anthropic 4,800, Gemini 2,300). */
const TOKENS_OF_IMAGE = 5_000;
/** This one model counts an image more than thirty times as high, at a price that much lower. */
const TOKENS_OF_DEAR_IMAGE = 50_000;
const DEAR_IMAGES = /^gpt-4o-mini/;

/** The most input tokens one image counts, where the configuration does not say. */
export const mostImageTokens = (model: string): number => (DEAR_IMAGES.test(model) ? TOKENS_OF_DEAR_IMAGE : TOKENS_OF_IMAGE);
