import { ModelOutput, canonicalJson, type ModelResult } from '@trivet/contracts';
import { createHash } from 'node:crypto';
import type { Target } from '../routing/router.js';
import type { CallRun } from './call-run.js';
import { recordEnding } from './finish-attempt.js';

/** Names a request for the cache: everything that decides its answer, the places it would be sent to included. */
export function cacheDigest({ content, maxTokens, embed, wanted }: CallRun['prepared'], targets: readonly Target[]): string {
  const request = JSON.parse(JSON.stringify({ content, maxTokens, embed, model: wanted.model, targets: targets.map(({ endpoint, model }) => [endpoint, model]) }));
  return createHash('sha256').update(canonicalJson(request)).digest('hex');
}

/** The answer this tenant got before for the same request, recorded as this call's, at no cost; null: there is none. */
export async function answerFromCache(run: CallRun): Promise<ModelResult | null> {
  const { call, context, cache } = run;
  if (!cache) return null;
  const found = await context.cache.find(call.tenant, cache.digest);
  return found === null ? null : recordEnding(run, { output: { ...ModelOutput.parse(JSON.parse(found)), cached: true } });
}

/** Keeps a whole answer where the call asked for that. The call has ended: a cache that cannot be written is only told. */
export async function keepAnswer({ call, context, cache }: CallRun, output: ModelOutput): Promise<void> {
  if (!cache || output.finishReason === 'length' || output.finishReason === 'content_filter') return;
  await context.cache.keep(call.tenant, cache.digest, JSON.stringify(output), cache.keepMs).catch((error: unknown) => context.onNotice(call, 'The answer could not be kept for the same request', error));
}
