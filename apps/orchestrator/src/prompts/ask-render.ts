import { subjects, type Bus } from '@trivet/bus';
import { FAILURE_CODES, FailureError, RenderAnswer, type FieldError, type JsonObject, type PromptBody, type RenderAnswer as Answered } from '@trivet/contracts';

const WITHIN_MS = 5_000;
/** What the bus carries in one message, with room for its headers. */
const MOST_BYTES = 900_000;

/** A prompt that the model tier has read. */
export interface ReadPrompt {
  body: PromptBody;
  labels: string[];
  /** Of a file that says so. */
  version?: number;
}

/** Prompts are read and rendered by the model tier alone: what is accepted here is what will be asked there. */
export interface RenderAsker {
  /** @throws FailureError invalid_request with every mistake; unavailable when no model service answers in time */
  read: (request: { name: string; body?: unknown; markdown?: string }) => Promise<ReadPrompt>;
  /** @throws FailureError prompt_variables_invalid with every mistake, and as `read` */
  render: (request: { name: string; body: unknown; variables: JsonObject }) => Promise<Required<Pick<Answered, 'messages' | 'inputTokens'>>>;
}

export function createRenderAsker(bus: Pick<Bus, 'request'>): RenderAsker {
  async function ask(request: { name: string }): Promise<Answered> {
    const bytes = Buffer.byteLength(JSON.stringify(request));
    if (bytes > MOST_BYTES) throw new FailureError('payload_too_large', `The prompt ${request.name} with its variables has ${bytes} bytes; the limit is ${MOST_BYTES}.`, { hint: 'Try it with shorter variables; in a workflow they may be longer.' });
    const { body, errorCode } = await bus.request(subjects.rpc('model', 'render'), request, { timeoutMs: WITHIN_MS }).catch((error: unknown) => {
      if (!(error instanceof FailureError) || error.failure.code === 'payload_too_large') throw error;
      throw new FailureError('unavailable', `No model service has read the prompt, and only a model service does: ${error.failure.message}`, { cause: error, hint: 'Start one if there is none, and try again; nothing was kept.' });
    });
    if (errorCode !== null) throw problemOf(request.name, body);
    const answer = RenderAnswer.parse(body);
    if (answer.errors.length > 0) throw mistaken(request.name, answer.errors);
    return answer;
  }

  return {
    read: async (request) => {
      const { body, labels = [], version } = await ask(request);
      if (!body) throw new Error(`The model service read the prompt ${request.name} and gave nothing back`);
      return { body, labels, ...(version === undefined ? {} : { version }) };
    },
    render: async (request) => {
      const { messages = [], inputTokens = 0 } = await ask(request);
      return { messages, inputTokens };
    },
  };
}

function mistaken(name: string, errors: FieldError[]): FailureError {
  const isOfVariables = errors.every(({ pointer }) => pointer.startsWith('/variables'));
  const said = errors.map(({ pointer, detail }) => (pointer === '' || isOfVariables ? detail : `${pointer} ${detail}`)).join('; ');
  return new FailureError(isOfVariables ? 'prompt_variables_invalid' : 'invalid_request', `The prompt ${name}: ${said}.`, { errors });
}

/** What the model service answered in place of an answer keeps its code. */
function problemOf(name: string, body: unknown): FailureError {
  const { code, detail } = typeof body === 'object' && body !== null ? { code: Reflect.get(body, 'code'), detail: String(Reflect.get(body, 'detail')) } : { code: undefined, detail: 'it gave no reason' };
  return new FailureError(FAILURE_CODES.find((known) => known === code) ?? 'internal', `The prompt ${name} could not be read: ${detail}`);
}
