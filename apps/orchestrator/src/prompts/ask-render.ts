import { subjects, type Bus } from '@trivet/bus';
import { FailureError, RenderAnswer, type FieldError, type JsonObject, type PromptBody } from '@trivet/contracts';

const WITHIN_MS = 5_000;

/** A prompt that the model tier has read. */
export type ReadPrompt = Omit<RenderAnswer, 'errors' | 'body' | 'labels'> & { body: PromptBody; labels: string[] };

/** @throws FailureError invalid_request or prompt_variables_invalid with every mistake; unavailable when no model service answers */
export type RenderAsker = (request: { name: string; body?: unknown; markdown?: string; variables?: JsonObject }) => Promise<ReadPrompt>;

/** Prompts are read and rendered by the model tier alone: what is accepted here is what will be asked there. */
export function createRenderAsker(bus: Pick<Bus, 'request'>): RenderAsker {
  return async (request) => {
    const { body, errorCode } = await bus.request(subjects.rpc('model', 'render'), request, { timeoutMs: WITHIN_MS }).catch((error: unknown) => {
      if (!(error instanceof FailureError)) throw error;
      throw new FailureError('unavailable', 'No model service answers, and only a model service reads prompts.', { cause: error, hint: 'Start one and try again; nothing was kept.' });
    });
    const answer = RenderAnswer.safeParse(body);
    if (errorCode !== null || !answer.success) throw new FailureError('invalid_request', `The prompt ${request.name} could not be read: ${detailOf(body)}`);
    const { errors, body: prompt, labels = [], ...rest } = answer.data;
    if (errors.length > 0 || !prompt) throw mistaken(request.name, errors);
    return { ...rest, body: prompt, labels };
  };
}

function mistaken(name: string, errors: FieldError[]): FailureError {
  const isOfVariables = errors.length > 0 && errors.every(({ pointer }) => pointer.startsWith('/variables'));
  const said = errors.map(({ pointer, detail }) => (pointer === '' || isOfVariables ? detail : `${pointer} ${detail}`)).join('; ');
  return new FailureError(isOfVariables ? 'prompt_variables_invalid' : 'invalid_request', `The prompt ${name}: ${said}.`, { errors });
}

const detailOf = (body: unknown): string => (typeof body === 'object' && body !== null && 'detail' in body ? String(body.detail) : 'the answer could not be understood.');
