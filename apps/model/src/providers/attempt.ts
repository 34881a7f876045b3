import { emptyAnswer, finishedAnswer, type AnswerInProgress } from './answer-in-progress.js';
import type { ProviderAnswer, ProviderOptions, ProviderRefusal, ProviderRequest } from './provider.js';
import { refusalOf } from './vendor-errors.js';

export interface Vendor {
  /** The endpoint's name, for messages. */
  name: string;
  apiKey?: string;
}

/** What an adapter gets to work with: where to put the answer, and what ends when nobody wants it any more. */
export interface Attempt {
  answer: AnswerInProgress;
  /** Aborted when the caller aborts, and when the attempt is over, so that no connection outlives it. */
  signal: AbortSignal;
  /** Hands on a piece of the text. */
  onDelta: (text: string) => void;
}

/**
 * One attempt: asks, and turns whatever is thrown into a refusal with what had arrived. It ends as soon as the caller
 * aborts, whatever the vendor's library is doing then.
 */
export async function attempt(vendor: Vendor, request: ProviderRequest, { signal, onDelta }: ProviderOptions, ask: (attempt: Attempt) => Promise<void>): Promise<ProviderAnswer | ProviderRefusal> {
  const answer = emptyAnswer();
  const refuse = (error: unknown): ProviderRefusal => {
    const refusal = refusalOf(error, { endpoint: vendor.name, apiKey: vendor.apiKey, partialText: answer.text, nowMs: Date.now() });
    return answer.usage ? { ...refusal, usage: answer.usage } : refusal;
  };
  if (signal.aborted) return { ...refuse(abortError()), spent: false };
  const over = new AbortController();
  try {
    const asking = ask({ answer, signal: AbortSignal.any([signal, over.signal]), onDelta: (text) => void (text !== '' && !signal.aborted && onDelta?.(text)) });
    await Promise.race([asking, aborted(signal, over.signal)]);
    // An aborted stream just ends, as if the answer were complete.
    signal.throwIfAborted();
    return finishedAnswer(answer, request.model);
  } catch (error) {
    return refuse(signal.aborted ? abortError() : error);
  } finally {
    over.abort();
  }
}

/** Rejects when the caller aborts; forgotten when the attempt is over. */
const aborted = (signal: AbortSignal, over: AbortSignal): Promise<never> => new Promise((_, reject) => signal.addEventListener('abort', () => reject(abortError()), { once: true, signal: over }));

const abortError = (): Error => Object.assign(new Error('aborted'), { name: 'AbortError' });
