import { FAILURES, type Failure, type ModelMessage } from '@trivet/contracts';
import { countLocalTokens, cutToLocalTokens } from '../../accounting/local-tokens.js';
import type { ModelProvider, ProviderAnswer, ProviderRefusal, ProviderRequest } from '../provider.js';
import type { Assignment } from './compose.js';
import { countTexts, embedTexts } from './embed-texts.js';
import { chooseTemplate } from './choose-template.js';
import type { Extractor } from './extractor.js';
import { sentencesOf } from './language.js';
import { proseOf } from './material.js';

export const LOCAL_MODEL = 'local/extractive';
export const LEXICAL_NOTICE = 'lexical embedding; knows words and not their meaning';
export const LOCAL_NOTICE = 'extractive summary; no language model configured';

const SUMMARY_SENTENCES = 5;
const SECTION_SENTENCES = 4;
/** Less than this is a question rather than material. */
const MATERIAL_SENTENCES = 3;
const MATERIAL_CHARACTERS = 240;
const WANTS_EXTRACT = /\b(summar|extract|report|overview|abstract|digest|key points|tl;?dr|condense)|摘要|总结|概述|概括|报告|综述|提炼|要点/i;

/**
 * The offline default. It chooses sentences of what it is given and says so; it generates nothing. What needs a
 * language model fails with the variables to set.
 */
export function createLocalProvider(extractor: Extractor): ModelProvider {
  return {
    name: 'local',
    capabilities: { tools: false, schema: false, generate: false, images: false, embed: true },
    repeatable: true,
    boundInputTokens: async ({ messages }) => countInput(messages),
    estimateTokens: async (text) => countLocalTokens(text),
    async complete(request, { signal, onDelta }) {
      if (request.task?.name === 'plan') return planned(request, onDelta);
      const assignment = assignmentOf(request);
      if ('code' in assignment) return refusal(assignment);
      const whole = await extractor.run(assignment, signal).catch((error: unknown) => {
        if (signal.aborted) return null;
        throw error;
      });
      if (whole === null) return refusal({ code: 'cancelled', message: `${LOCAL_MODEL} was stopped before it answered.` });
      const text = cutToLocalTokens(whole, request.maxTokens);
      onDelta?.(text);
      return answer(request, text, { cut: text.length < whole.length, notice: LOCAL_NOTICE });
    },
    boundEmbeddingTokens: ({ inputs }) => countTexts(inputs),
    async embed({ inputs, dimensions }, { signal }) {
      const vectors = await embedTexts(inputs, { dimensions, signal });
      if (vectors === null) return refusal({ code: 'cancelled', message: `${LOCAL_MODEL} was stopped before it answered.` });
      return { status: 'answered', vectors, usage: { inputTokens: await countTexts(inputs), outputTokens: 0, source: 'estimated' }, model: LOCAL_MODEL, notice: LEXICAL_NOTICE };
    },
  };
}

const countInput = (messages: readonly ModelMessage[]): number => messages.reduce((sum, { content }) => sum + countLocalTokens(content), 0);

/** A template in place of a plan of its own: the one whose description shares the most with the goal. */
function planned(request: ProviderRequest, onDelta: ((text: string) => void) | undefined): ProviderAnswer | ProviderRefusal {
  const chosen = chooseTemplate(request.task?.variables ?? {});
  if (chosen === null) return refusal(unavailable('making a plan without a template to choose'));
  const text = JSON.stringify(chosen.plan);
  if (countLocalTokens(text) > request.maxTokens) return refusal(unavailable(`making a plan in ${request.maxTokens} tokens`));
  onDelta?.(text);
  return answer(request, text, { cut: false, notice: `template ${chosen.name} chosen by the words of the goal; no language model configured` });
}

function answer(request: ProviderRequest, text: string, { cut, notice }: { cut: boolean; notice: string }): ProviderAnswer {
  return {
    status: 'answered',
    text,
    finishReason: cut ? 'length' : 'stop',
    usage: { inputTokens: countInput(request.messages), outputTokens: countLocalTokens(text), source: 'estimated' },
    model: LOCAL_MODEL,
    notice,
  };
}

function assignmentOf({ messages, schema, tools, task }: ProviderRequest): Assignment | Failure {
  if (tools && tools.length > 0) return unavailable('calling tools');
  if (schema) return unavailable('an answer by a JSON Schema');
  if (task?.name === 'summarise') {
    const { text, focus, ...rest } = task.variables;
    return { kind: 'summary', text: proseOf(text ?? rest), focus: focus === undefined ? undefined : proseOf(focus) || undefined, sentences: SUMMARY_SENTENCES };
  }
  if (task?.name === 'report') return { kind: 'report', variables: task.variables, sentences: SECTION_SENTENCES };
  const material = messages.filter(({ role }) => role === 'user' || role === 'tool').map(({ content }) => content).join('\n\n');
  if (task?.name === 'generate' || !isMaterial(material)) return unavailable('writing a text of its own');
  return { kind: 'summary', text: material, sentences: SUMMARY_SENTENCES };
}

const isMaterial = (text: string): boolean =>
  WANTS_EXTRACT.test(text) || text.trim().length >= MATERIAL_CHARACTERS || sentencesOf(text).length >= MATERIAL_SENTENCES;

function unavailable(need: string): Failure {
  return {
    code: 'capability_unavailable',
    message: `This call needs ${need}, and no language model is configured; ${LOCAL_MODEL} only chooses sentences of the text it is given. Set OPENAI_API_KEY, ANTHROPIC_API_KEY or GEMINI_API_KEY, or OPENAI_BASE_URL for a compatible server, and start again.`,
    hint: FAILURES.capability_unavailable.remedy,
  };
}

const refusal = (failure: Failure): ProviderRefusal => ({ status: 'failed', failure, spent: false, partialText: '' });
