import type { ModelToolCall } from '@trivet/contracts';
import type { Received } from '../loopback.js';

/** What a vendor says, in words of our own. */
export interface Said {
  text?: string;
  /** What it thinks before, which must not be in the answer. */
  thought?: string;
  toolCalls?: ModelToolCall[];
  end: 'stop' | 'length' | 'tool_calls' | 'content_filter';
  /** Null: none at all. */
  usage: Counted | null;
}

/** Tokens as our port counts them: what is cached is part of the input, thoughts are part of the output. */
export interface Counted {
  input: number;
  cached: number;
  output: number;
  reasoning: number;
}

export const USAGE: Counted = { input: 120, cached: 100, output: 30, reasoning: 20 };

/** A vendor's wire format, written from its public documentation. */
export interface Dialect {
  /** A whole answer. */
  body(said: Said): unknown;
  /** The same in pieces, as server-sent events. */
  events(said: Said): string[];
  /** A body like that of an answer, with usage of any kind in it. */
  withUsage(body: unknown, usage: unknown): unknown;
  usage(counted: Counted): Record<string, unknown>;
  error(status: number, message: string): unknown;
  /** Bodies of 200 that hold no answer. */
  empty: unknown[];
  /** What a request says, for comparing. */
  read(request: Received): Asked;
}

/** The parts of a request that every vendor has somewhere. */
export interface Asked {
  model: unknown;
  maxTokens: unknown;
  temperature: unknown;
  system: unknown;
  /** Of the last message, the images in the vendor's form. */
  images: unknown;
  tools: unknown;
  /** The messages after the system's. */
  turns: unknown;
  schema: unknown;
  key: unknown;
}

/** Cuts a text in pieces that end in the middle of words. */
export function piecesOf(text: string): string[] {
  const characters = [...text];
  const size = Math.max(1, Math.ceil(characters.length / 4));
  return Array.from({ length: Math.ceil(characters.length / size) }, (_, index) => characters.slice(index * size, (index + 1) * size).join(''));
}

/** A field of something unknown, by a path. */
export function at(value: unknown, ...path: (string | number)[]): unknown {
  let current = value;
  for (const key of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = Array.isArray(current) && key === -1 ? current.at(-1) : Reflect.get(current, key);
  }
  return current;
}

export const listAt = (value: unknown, ...path: (string | number)[]): unknown[] => {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
};
