import { FAILURE_CODES, FailureError, ModelOutput, parseOrFail, type JsonObject } from '@trivet/contracts';
import type { HostCallContext, InjectedFunction } from '../host/host-functions.js';

export interface Embedded {
  /** One of each text, in their order. */
  vectors: Float32Array[];
  model: string;
  /** What the model says of them, such as that they are of words alone. */
  notice?: string | undefined;
}

export type EmbedTexts = (context: HostCallContext, texts: readonly string[], signal: AbortSignal, model?: string) => Promise<Embedded>;

/** Of the 256 that one call may have: reading so many vectors of 1,536 numbers keeps this process for some 30 ms. */
const BATCH_TEXTS = 128;
/** Of the texts of one question to the model: it has to fit into a message. */
const BATCH_BYTES = 400_000;

/**
 * Has texts embedded by the model tier, under the budget and trace of the tool's call. One model makes all vectors, since those of two cannot be compared.
 * @throws FailureError what the model tier answered, such as budget_exceeded
 */
export function createEmbedTexts(ask: InjectedFunction): EmbedTexts {
  return async (context, texts, signal, wanted) => {
    const all: Embedded = { vectors: [], model: wanted ?? '' };
    for (const batch of batchesOf(texts)) {
      const request: JsonObject = { embed: batch, ...(all.model ? { model: all.model } : {}) };
      const output = readOutput(await ask(context, request, 1, signal), batch.length);
      all.vectors.push(...output.vectors);
      all.model = output.model;
      all.notice ??= output.notice;
    }
    return all;
  };
}

function readOutput(reply: Awaited<ReturnType<InjectedFunction>>, count: number): Embedded {
  if ('error' in reply) throw new FailureError(FAILURE_CODES.find((code) => code === reply.error.code) ?? 'internal', reply.error.message, { detail: reply.error.detail ?? {} });
  const { embeddings, model, notice } = parseOrFail(ModelOutput, reply.value, 'the embeddings');
  const vectors = (embeddings ?? []).map((vector) => Float32Array.from(vector));
  if (vectors.length !== count) throw new FailureError('model_output_invalid', `Model ${model} gave ${vectors.length} vectors for ${count} texts.`);
  return { vectors, model, notice };
}

function batchesOf(texts: readonly string[]): string[][] {
  const batches: string[][] = [];
  let bytes = Infinity;
  for (const text of texts) {
    const own = Buffer.byteLength(JSON.stringify(text));
    const last = batches.at(-1);
    if (!last || last.length >= BATCH_TEXTS || bytes + own > BATCH_BYTES) batches.push([text]);
    else last.push(text);
    bytes = batches.at(-1)?.length === 1 ? own : bytes + own;
  }
  return batches;
}
