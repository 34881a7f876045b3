import { z } from 'zod';
import type { AnswerInProgress } from './answer-in-progress.js';
import { answerIn, type AnswerTool } from './answer-tool.js';

/** What we read of a block; kinds we do not know, and thoughts, are passed over. */
export const Block = z.object({ type: z.string(), text: z.string().optional(), id: z.string().optional(), name: z.string().optional(), input: z.json().optional() });
export const BlockDelta = z.object({ type: z.string(), text: z.string().optional(), partial_json: z.string().optional() });

/** Puts blocks into an answer; each method says which text it adds. */
export interface ContentReader {
  open(index: number, block: z.infer<typeof Block>): string;
  add(index: number, delta: z.infer<typeof BlockDelta>): string;
  end(): string;
}

export function createContentReader(answer: AnswerInProgress, answerTool?: AnswerTool): ContentReader {
  return answerTool ? readStructured(answer, answerTool) : readPlain(answer);
}

function readPlain(answer: AnswerInProgress): ContentReader {
  const calls = readCalls(answer);
  const addText = (text = ''): string => {
    answer.text += text;
    return text;
  };
  return {
    open(index, block) {
      calls.open(index, block);
      return block.type === 'text' ? addText(block.text) : '';
    },
    add(index, delta) {
      calls.add(index, delta);
      return delta.type === 'text_delta' ? addText(delta.text) : '';
    },
    end: () => '',
  };
}

/** The answer is in the arguments of a tool; text is the answer only where the model did not use that tool. */
function readStructured(answer: AnswerInProgress, answerTool: AnswerTool): ContentReader {
  const calls = readCalls(answer);
  let prose = '';
  let json = '';
  /** Where the answer is; a second one would make the first unreadable. */
  let place: number | undefined;
  const addJson = (text: string): string => {
    json += text;
    if (answerTool.isWrapped) return '';
    answer.text += text;
    return text;
  };
  return {
    open(index, block) {
      if (block.type === 'text') prose += block.text ?? '';
      if (block.type !== 'tool_use' || block.name !== answerTool.name) calls.open(index, block);
      else if (place === undefined) {
        place = index;
        return addJson(givenInput(block));
      }
      return '';
    },
    add(index, delta) {
      if (delta.type === 'text_delta') prose += delta.text ?? '';
      if (index === place && delta.type === 'input_json_delta') return addJson(delta.partial_json ?? '');
      calls.add(index, delta);
      return '';
    },
    end() {
      const handedOn = answer.text.length;
      if (place === undefined) answer.text = prose;
      else if (answerTool.isWrapped) answer.text = answerIn(json, answerTool);
      else answer.text = json || '{}';
      return answer.text.slice(handedOn);
    },
  };
}

function readCalls(answer: AnswerInProgress): Pick<ContentReader, 'open' | 'add'> {
  const calls = new Map<number, AnswerInProgress['toolCalls'][number]>();
  return {
    open(index, block) {
      if (block.type !== 'tool_use') return '';
      const call = { id: block.id ?? '', name: block.name ?? '', arguments: givenInput(block) };
      calls.set(index, call);
      answer.toolCalls.push(call);
      return '';
    },
    add(index, { type, partial_json = '' }) {
      const call = calls.get(index);
      if (call && type === 'input_json_delta') call.arguments += partial_json;
      return '';
    },
  };
}

/** A stream opens a call with an empty object, and sends its arguments after that. */
function givenInput({ input }: z.infer<typeof Block>): string {
  const isEmpty = typeof input === 'object' && input !== null && Object.keys(input).length === 0;
  return input === undefined || isEmpty ? '' : JSON.stringify(input);
}
