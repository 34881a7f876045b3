import { runAttempt, type Vendor } from './attempt.js';
import type { EmbeddingAnswer, EmbeddingRequest, ProviderRefusal, ProviderUsage } from './provider.js';

/** Around each text, for what a vendor may put there. */
const TOKENS_AROUND_TEXT = 4;

/** An upper bound of the tokens of texts: their bytes, since no token is shorter than one. */
export const boundTexts = (inputs: readonly string[]): number => inputs.reduce((sum, text) => sum + Buffer.byteLength(text) + TOKENS_AROUND_TEXT, 0);

/** What a vendor gave for some texts, in their order. */
export interface EmbeddedBatch {
  vectors: number[][];
  usage?: ProviderUsage;
  model?: string;
}

/**
 * Embeds texts in as many requests as it takes, one after another. A vector too few, too many or of another length is
 * an answer that could not be read: what belongs to which text would be a guess.
 */
export async function embedInBatches(
  vendor: Vendor,
  request: EmbeddingRequest,
  { signal, batch }: { signal: AbortSignal; batch: number },
  ask: (inputs: readonly string[], signal: AbortSignal) => Promise<EmbeddedBatch>,
): Promise<EmbeddingAnswer | ProviderRefusal> {
  const done: EmbeddedBatch[] = [];
  const outcome = await runAttempt(vendor, { signal, partialText: () => '' }, async (stop) => {
    for (let start = 0; start < request.inputs.length; start += batch) {
      const inputs = request.inputs.slice(start, start + batch);
      const given = await ask(inputs, stop);
      done.push(given);
      if (given.vectors.length !== inputs.length) throw new SyntaxError(`${given.vectors.length} vectors for ${inputs.length} texts`);
    }
    checkForm(done.flatMap(({ vectors }) => vectors), request.dimensions);
  });
  const usage = usageOf(done);
  if (outcome) return { ...outcome, spent: outcome.spent || done.length > 0, ...(usage ? { usage } : {}) };
  return { status: 'answered', vectors: done.flatMap(({ vectors }) => vectors), ...(usage ? { usage } : {}), model: done.at(-1)?.model ?? request.model };
}

function checkForm(vectors: readonly number[][], dimensions: number | undefined): void {
  const length = dimensions ?? vectors[0]?.length ?? 0;
  const isWrong = (vector: readonly number[]): boolean => vector.length === 0 || vector.length !== length || !vector.every(Number.isFinite);
  if (vectors.some(isWrong)) throw new SyntaxError(`a vector that has not ${length} numbers`);
}

/** Of all requests, or nothing when one of them did not say. */
function usageOf(batches: readonly EmbeddedBatch[]): ProviderUsage | undefined {
  const reported = batches.flatMap(({ usage }) => usage ?? []);
  if (reported.length === 0 || reported.length < batches.length) return undefined;
  return { inputTokens: reported.reduce((sum, { inputTokens }) => sum + inputTokens, 0), outputTokens: 0, source: 'reported' };
}
