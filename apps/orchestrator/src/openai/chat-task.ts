import { createHash } from 'node:crypto';
import { FailureError, IMAGE_TYPES, ModelRequest, isIdentifier, parseOrFail, type ChatMessage, type ChatRequest, type TaskSubmit } from '@trivet/contracts';
import type { Named } from './names.js';

const LONGEST_GOAL = 32_000;
/** So long a client is answered for; the workflow ends with it. */
const DEADLINE_MS = 600_000;

/**
 * The task that a chat completion is: one model step, or a workflow of a template whose goal is the last user message.
 * The request is the task's input and not part of the plan, so that nothing in it is read as an expression.
 * @throws FailureError invalid_request for what it asks and a model step cannot do
 */
export function chatTask(request: ChatRequest, named: Named): TaskSubmit {
  requirePossible(request);
  const goal = textOf(request.messages.findLast(({ role }) => role === 'user')?.content).slice(0, LONGEST_GOAL).trim();
  const common = { deadlineMs: DEADLINE_MS, ...(request.user ? { user: accountOf(request.user) } : {}) };
  if (named.by === 'template') {
    if (goal === '') throw refused('/messages', 'has no user message with text, which is to be the goal of the workflow');
    return { ...common, goal, template: named.template };
  }
  const asked = parseOrFail(ModelRequest, modelRequest(request, named), 'the request');
  return { ...common, goal: goal || 'chat completion', input: JSON.parse(JSON.stringify({ request: asked })), plan: { steps: [{ id: 'answer', kind: 'model', input: { $: 'input.request' } }], output: { $: 'steps.answer.output' } } };
}

/** What would change the answer's meaning if it were left out. */
function requirePossible(request: ChatRequest): void {
  if (typeof request['n'] === 'number' && request['n'] !== 1) throw refused('/n', `is ${request['n']}; there is one answer`);
  for (const field of ['stop', 'logprobs', 'functions', 'function_call', 'audio', 'web_search_options']) {
    const value = request[field];
    if (value !== undefined && value !== null && value !== false) throw refused(`/${field}`, 'is not supported');
  }
  const choice = request.tool_choice ?? 'auto';
  if (choice !== 'auto' && choice !== 'none') throw refused('/tool_choice', 'must be auto or none: a model cannot be made to call a tool');
}

const refused = (pointer: string, detail: string): FailureError => new FailureError('invalid_request', `${pointer.slice(1)} ${detail}.`, { hint: 'Leave it out.', errors: [{ pointer, detail }] });

function modelRequest(request: ChatRequest, named: Exclude<Named, { by: 'template' }>): object {
  const maxTokens = request.max_completion_tokens ?? request.max_tokens;
  const format = request.response_format;
  const tools = request.tool_choice === 'none' ? [] : (request.tools ?? []);
  return {
    messages: request.messages.map(messageOf),
    ...(named.by === 'tier' ? { tier: named.tier } : { model: named.model }),
    ...(maxTokens ? { maxTokens } : {}),
    ...(typeof request.temperature === 'number' ? { temperature: request.temperature } : {}),
    ...(format?.type === 'json_schema' ? { schema: format.json_schema.schema } : format?.type === 'json_object' ? { schema: { type: 'object' } } : {}),
    ...(tools.length > 0 ? { tools: tools.map(({ function: { name, description, parameters } }) => ({ name, ...(description ? { description } : {}), input: parameters ?? { type: 'object' } })) } : {}),
  };
}

function messageOf(message: ChatMessage, index: number): object {
  const { role, content, name, tool_calls: calls, tool_call_id: answers } = message;
  const images = Array.isArray(content) ? content.flatMap((part) => (part.type === 'image_url' ? [imageOf(part.image_url.url, index)] : [])) : [];
  return {
    role: role === 'developer' ? 'system' : role,
    content: textOf(content),
    ...(name ? { name } : {}),
    ...(images.length > 0 ? { images } : {}),
    ...(answers ? { toolCallId: answers } : {}),
    ...(calls ? { toolCalls: calls.map((call) => ({ id: call.id, name: call.function.name, arguments: argumentsOf(call.function.arguments, index) })) } : {}),
  };
}

const textOf = (content: ChatMessage['content']): string => (typeof content === 'string' ? content : (content ?? []).flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n'));

function imageOf(url: string, index: number): object {
  const [, mediaType, data] = /^data:([a-z]+\/[a-z0-9.+-]+);base64,(.+)$/s.exec(url) ?? [];
  if (!data || !IMAGE_TYPES.some((type) => type === mediaType)) throw refused(`/messages/${index}/content`, `has an image that is no data: URL of ${IMAGE_TYPES.join(', ')}; addresses are not fetched`);
  return { mediaType, data };
}

function argumentsOf(text: string, index: number): unknown {
  try {
    return JSON.parse(text === '' ? '{}' : text);
  } catch {
    throw refused(`/messages/${index}/tool_calls`, 'has arguments that are no JSON');
  }
}

/** An account's name is an id; any other text is hashed into one. */
const accountOf = (user: string): string => (isIdentifier(user) ? user : `u-${createHash('sha256').update(user).digest('hex').slice(0, 32)}`);
