import type { EmbeddingRequest, ProviderRequest } from '../providers/provider.js';
import type { Target } from '../routing/router.js';
import type { CallRun } from './call-run.js';

/**
 * What is asked of a target. Where an endpoint cannot be held to a JSON Schema, the model is told to keep to it; its
 * answer is checked all the same.
 */
export function contentFor({ prepared }: CallRun, { capabilities }: Target): Omit<ProviderRequest, 'model' | 'maxTokens'> {
  const { content } = prepared;
  if (!content.schema || capabilities.schema || !capabilities.generate) return content;
  const { schema, messages, ...rest } = content;
  return { ...rest, messages: [{ role: 'system', content: `Answer with JSON only, without any text around it. It must match this JSON Schema: ${JSON.stringify(schema)}` }, ...messages] };
}

/** What is embedded at a target: as long as the call says, else as its configuration does. */
export function embeddingFor({ inputs, dimensions }: { inputs: readonly string[]; dimensions?: number }, target: Target): EmbeddingRequest {
  const length = dimensions ?? target.dimensions;
  return { model: target.vendorModel, inputs, ...(length === undefined ? {} : { dimensions: length }) };
}
