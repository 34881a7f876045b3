import { FailureError, ModelRequest, canonicalJson, parseOrFail, shortHash, type ModelCall } from '@trivet/contracts';
import { renderPrompt } from '../prompts/render.js';
import type { ProviderRequest } from '../providers/provider.js';
import type { ModelTier, Needs } from '../routing/router.js';
import type { ModelContext } from './context.js';

/** A call's request, rendered: all but the model and the output limit, which the target decides. */
export interface PreparedRequest {
  content: Omit<ProviderRequest, 'model' | 'maxTokens'>;
  /** Given by the call or its prompt; absent: the target's own limit, or less if less is left. */
  maxTokens?: number;
  wanted: { model?: string; tier?: ModelTier; needs: Needs };
  /** Texts to embed; there are no messages then. */
  embed?: { inputs: readonly string[]; dimensions?: number };
  /** How long the answer may be given again to the same request. */
  cacheMs?: number;
  prompt?: { name: string; version: number };
  /** Of what was asked: a call id that comes with another request is a mistake, not a repeat. */
  fingerprint: string;
}

/** @throws FailureError when the prompt or its variables are wrong, or the request is missing */
export async function prepareRequest(call: ModelCall, context: ModelContext): Promise<PreparedRequest> {
  const request = call.request ?? (call.requestRef ? parseOrFail(ModelRequest, await context.blobs.load(call.requestRef), 'the request') : undefined);
  if (!request) throw new FailureError('invalid_request', `Call ${call.callId} carries neither request nor requestRef; one of them is needed.`);
  const { messages, prompt: reference, variables = {}, maxTokens, tier, model, temperature, schema, tools, embed, dimensions, cacheMs } = request;
  const fingerprint = shortHash([canonicalJson(request)]);
  if (embed) return { content: { messages: [] }, wanted: { model, tier, needs: { embed: true } }, embed: { inputs: embed, ...(dimensions === undefined ? {} : { dimensions }) }, cacheMs, fingerprint };
  const needs: Needs = { ...(tools && tools.length > 0 ? { tools: true } : {}), ...(messages?.some(({ images }) => images && images.length > 0) ? { images: true } : {}) };
  if (messages) return { content: { messages, temperature, schema, tools }, maxTokens, wanted: { model, tier, needs }, cacheMs, fingerprint };
  const prompt = await context.prompts.find(reference ?? '', call.tenant);
  const { defaults } = prompt;
  return {
    content: {
      messages: renderPrompt(prompt, variables),
      temperature: temperature ?? defaults.temperature,
      schema: schema ?? defaults.schema,
      tools,
      task: { name: prompt.task, variables },
    },
    maxTokens: maxTokens ?? defaults.maxTokens,
    wanted: { model, tier: tier ?? defaults.tier, needs },
    cacheMs: cacheMs ?? defaults.cacheMs,
    prompt: { name: prompt.name, version: prompt.version },
    fingerprint,
  };
}
