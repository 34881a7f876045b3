import type { VendorBook } from '@trivet/contracts';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { withRedis } from '../redis.js';
import { unreportedPrefix, vendorsPrefix } from './ledger-keys.js';

const WORDS = ['reported', 'estimated', 'lapsed'] as const;
type Word = (typeof WORDS)[number];
type Row = { attempts: number; tokens: number; inputTokens: number; nanoUsd: number };
const FIGURES = { attempts: 'attempts', tokens: 'tokens', input: 'inputTokens', cost: 'nanoUsd' } as const;
const noRow = (): Row => ({ attempts: 0, tokens: 0, inputTokens: 0, nanoUsd: 0 });
const Figure = z.string().regex(/^-?\d+$/).transform(Number);
const Figures = z.tuple([Figure, Figure, Figure, Figure]);
const Unreported = z.preprocess((text) => JSON.parse(String(text)), z.tuple([z.string(), z.string(), z.enum(['estimated', 'lapsed']), z.string(), z.string()]));

/** What went to vendors on a day (YYYY-MM-DD, UTC), by endpoint and model, and each charge that has not the vendor's word. */
export async function readVendorBook(redis: Redis, day: string): Promise<Pick<VendorBook, 'vendors' | 'unreported'>> {
  const [fields, unreported] = await withRedis(() => Promise.all([redis.hgetall(vendorsPrefix + day), redis.hgetall(unreportedPrefix + day)]));
  const vendors = new Map<string, Record<Word, Row>>();
  for (const [field, value] of Object.entries(fields)) addField(vendors, field, value);
  return {
    vendors: [...vendors].map(([name, words]) => ({ endpoint: name.slice(0, name.indexOf('|')), model: name.slice(name.indexOf('|') + 1), ...words })).sort(byName),
    unreported: Object.entries(unreported).map(([id, text]) => {
      const [endpoint, model, word, tokens, nanoUsd] = Unreported.parse(text);
      return { attemptId: id, endpoint, model, word, tokens: Number(tokens), nanoUsd: Number(nanoUsd) };
    }).sort((left, right) => (left.attemptId < right.attemptId ? -1 : 1)),
  };
}

/** `endpoint|model|word` with all four figures, as the scripts write it, or with one figure in the field's name, as those of earlier versions did. */
function addField(vendors: Map<string, Record<Word, Row>>, field: string, value: string): void {
  const [, name, word, figure] = /^(.*)\|(reported|estimated|lapsed)(?:\|(attempts|tokens|input|cost))?$/s.exec(field) ?? [];
  if (name === undefined) return;
  const words = vendors.get(name) ?? { reported: noRow(), estimated: noRow(), lapsed: noRow() };
  vendors.set(name, words);
  const row = words[z.enum(WORDS).parse(word)];
  if (figure !== undefined) {
    row[FIGURES[z.enum(['attempts', 'tokens', 'input', 'cost']).parse(figure)]] += Number(value);
    return;
  }
  const [attempts, tokens, inputTokens, nanoUsd] = Figures.parse(value.split(' '));
  row.attempts += attempts;
  row.tokens += tokens;
  row.inputTokens += inputTokens;
  row.nanoUsd += nanoUsd;
}

const byName = (left: { endpoint: string; model: string }, right: { endpoint: string; model: string }): number => (`${left.endpoint}|${left.model}` < `${right.endpoint}|${right.model}` ? -1 : 1);
