import { FailureError, PromptBody, RenderRequest, parseOrFail, type RenderAnswer } from '@trivet/contracts';
import { countLocalTokens } from '../accounting/local-tokens.js';
import { mistakesOf, parsePromptFile } from './prompt.js';
import { renderPrompt } from './render.js';

/** What fits into an answer on the bus, beside the prompt itself. */
const MOST_SHOWN_BYTES = 500_000;

/**
 * Reads a prompt that somebody wrote, and with variables renders it: `trivet.v1.rpc.model.render`. Its mistakes are the
 * answer; nothing is kept and no vendor is asked.
 */
export function answerRender(request: unknown): RenderAnswer {
  const { name, body, markdown, variables } = parseOrFail(RenderRequest, request, 'the request');
  try {
    const { body: prompt, ...file } = markdown === undefined ? { body: parseOrFail(PromptBody, body, 'the prompt') } : readFile(markdown, name);
    const errors = mistakesOf(prompt);
    if (errors.length > 0) return { errors };
    if (variables === undefined) return { errors: [], body: prompt, ...file };
    const messages = renderPrompt({ ...prompt, name, version: null }, variables);
    const bytes = Buffer.byteLength(JSON.stringify(messages));
    if (bytes > MOST_SHOWN_BYTES) throw new FailureError('prompt_variables_invalid', `it says ${bytes} bytes with these variables; a preview shows at most ${MOST_SHOWN_BYTES}.`);
    return { errors: [], messages, inputTokens: messages.reduce((sum, { content }) => sum + countLocalTokens(content), 0) };
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    return { errors: error.errors.length > 0 ? [...error.errors] : [{ pointer: error.failure.code === 'prompt_variables_invalid' ? '/variables' : '', detail: error.message }] };
  }
}

function readFile(markdown: string, name: string): Pick<RenderAnswer, 'labels' | 'version'> & { body: PromptBody } {
  const { name: own, version, labels, ...body } = parsePromptFile(markdown, name);
  if (own !== name) throw new FailureError('invalid_request', `The front matter names the prompt ${own}, and the route ${name}.`, { errors: [{ pointer: '/name', detail: `is ${own}, and the route says ${name}` }] });
  return { body, labels: [...labels], ...(version === undefined ? {} : { version }) };
}
