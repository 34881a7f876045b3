import { FailureError } from '@trivet/contracts';
import { z } from 'zod';
import { connectOpenAi, type ConnectionOptions } from './openai-client.js';
import { refusalOf } from '../vendor-errors.js';

/** A list is asked for again after this long. */
const FRESH_MS = 60_000;
/** And one that could not be read after this. */
const AGAIN_MS = 2_000;
/** For servers that do not tell what they serve; most of them ignore the name. */
const UNNAMED_MODEL = 'default';
/** Statuses that say: there is no such route. */
const NO_SUCH_ROUTE = new Set([404, 405, 501]);

const List = z.object({ data: z.array(z.object({ id: z.string().min(1) })) });

/** Ids of the models a compatible server serves, as it lists them, asked for when first needed. */
export function createServedModels(options: ConnectionOptions & { timeoutMs: number }): () => Promise<string[]> {
  let known: { ids: Promise<string[]>; untilMs: number } | undefined;
  return () => {
    if (known && Date.now() < known.untilMs) return known.ids;
    // Who asks meanwhile waits for the same answer; one that cannot be reached is not asked again by every call.
    const ids = ask(options);
    const asked = { ids, untilMs: Date.now() + FRESH_MS };
    known = asked;
    ids.catch(() => (asked.untilMs = Date.now() + AGAIN_MS));
    return ids;
  };
}

async function ask(options: ConnectionOptions & { timeoutMs: number }): Promise<string[]> {
  try {
    const client = await connectOpenAi(options);
    const response = await client.models.list({ signal: AbortSignal.timeout(options.timeoutMs) }).asResponse();
    const ids = List.parse(await response.json()).data.map(({ id }) => id);
    return ids.length > 0 ? ids : [UNNAMED_MODEL];
  } catch (error) {
    if (error instanceof Error && 'status' in error && typeof error.status === 'number' && NO_SUCH_ROUTE.has(error.status)) return [UNNAMED_MODEL];
    const { failure } = refusalOf(error, { endpoint: options.baseUrl ?? 'openai', apiKey: options.apiKey, partialText: '', nowMs: Date.now() });
    throw new FailureError(failure.code === 'cancelled' ? 'model_timeout' : failure.code, `The list of models could not be read: ${failure.message}`, { cause: error });
  }
}
