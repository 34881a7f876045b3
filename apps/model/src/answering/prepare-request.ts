import { FailureError, ModelRequest, canonicalJson, parseOrFail, shortHash, type ModelCall } from '@trivet/contracts';
import { renderPrompt } from '../prompts/render.js';
import type { ProviderRequest } from '../providers/provider.js';
import type { ModelTier } from '../routing/router.js';
import type { ModelContext } from './context.js';

/** A call's request, rendered: all but the model and the output limit, which the target decides. */
export interface PreparedRequest {
  content: Omit<ProviderRequest, 'model' | 'maxTokens'>;
  /** Given by the call or its prompt; absent: the target's own limit, or less if less is left. */
  maxTokens?: number;
  wanted: { model?: string; tier?: ModelTier };
  prompt?: { name: string; version: number };
  /** Of what was asked: a call id that comes with another request is a mistake, not a repeat. */
  fingerprint: string;
}

/** @throws FailureError when the prompt or its variables are wrong, or the request is missing */
export async function prepareRequest(call: ModelCall, context: ModelContext): Promise<PreparedRequest> {
  const request = call.request ?? (call.requestRef ? parseOrFail(ModelRequest, await context.blobs.load(call.requestRef), 'the request') : undefined);
  if (!request) throw new FailureError('invalid_request', `Call ${call.callId} carries neither request nor requestRef; one of them is needed.`);
  const { messages, prompt: reference, variables = {}, maxTokens, tier, model, temperature, schema, tools } = request;
  const fingerprint = shortHash([canonicalJson(request)]);
  if (messages) return { content: { messages, temperature, schema, tools }, maxTokens, wanted: { model, tier }, fingerprint };
  const prompt = await context.prompts.find(reference ?? '');
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
    wanted: { model, tier: tier ?? defaults.tier },
    prompt: { name: prompt.name, version: prompt.version },
    fingerprint,
  };
}
