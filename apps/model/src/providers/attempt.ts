import { linkAbort } from '../linked-abort.js';
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

/** One attempt at a text: asks, and turns whatever is thrown into a refusal with what had arrived. */
export async function attempt(vendor: Vendor, request: ProviderRequest, { signal, onDelta }: ProviderOptions, ask: (attempt: Attempt) => Promise<void>): Promise<ProviderAnswer | ProviderRefusal> {
  const answer = emptyAnswer();
  let finished: ProviderAnswer | undefined;
  const refusal = await runAttempt(vendor, { signal, partialText: () => answer.text }, async (stop) => {
    await ask({ answer, signal: stop, onDelta: (text) => void (text !== '' && !stop.aborted && onDelta?.(text)) });
    finished = finishedAnswer(answer, request.model);
  });
  if (refusal) return { ...refusal, ...argumentsOf(answer), ...(answer.usage ? { usage: answer.usage } : {}) };
  return finished ?? finishedAnswer(answer, request.model);
}

/** They are output too: a call that is broken off in the middle of them is not free. */
function argumentsOf({ toolCalls }: AnswerInProgress): Pick<ProviderRefusal, 'partialArguments' | 'spent'> | undefined {
  const text = toolCalls.map((call) => call?.arguments ?? '').join('');
  return text === '' ? undefined : { partialArguments: text, spent: true };
}

/**
 * Runs what may throw, and gives the refusal that comes of it, or nothing. It ends as soon as the caller aborts,
 * whatever the vendor's library is doing then; what was not begun has cost nothing.
 */
export async function runAttempt({ name, apiKey }: Vendor, { signal, partialText }: { signal: AbortSignal; partialText: () => string }, run: (signal: AbortSignal) => Promise<void>): Promise<ProviderRefusal | null> {
  const refuse = (error: unknown): ProviderRefusal => refusalOf(error, { endpoint: name, apiKey, partialText: partialText(), isStopped: signal.aborted, nowMs: Date.now() });
  if (signal.aborted) return { ...refuse(abortError()), spent: false };
  const stop = linkAbort([signal]);
  let cutOff = (): void => undefined;
  const isCutOff = new Promise<never>((_, reject) => (cutOff = () => reject(abortError())));
  signal.addEventListener('abort', cutOff, { once: true });
  try {
    await Promise.race([run(stop.signal), isCutOff]);
    // Some libraries just end when they are aborted, as if the answer were complete.
    signal.throwIfAborted();
    return null;
  } catch (error) {
    return refuse(signal.aborted ? abortError() : error);
  } finally {
    signal.removeEventListener('abort', cutOff);
    stop.unlink();
    // Whoever waits for the answer does not wait for what is closed behind it.
    setImmediate(stop.abort, OVER);
  }
}

/** Made once: a reason of its own for each attempt costs as much as all the rest of ending it. */
const OVER = new Error('the attempt is over');

const abortError = (): Error => Object.assign(new Error('aborted'), { name: 'AbortError' });
