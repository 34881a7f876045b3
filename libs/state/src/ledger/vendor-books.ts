import type { VendorBook } from '@trivet/contracts';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { withRedis } from '../redis.js';
import { unreportedPrefix, vendorsPrefix } from './ledger-keys.js';

const WORDS = ['reported', 'estimated', 'lapsed'] as const;
const FIGURES = ['attempts', 'tokens', 'input', 'cost'] as const;
const Figures = z.partialRecord(z.enum(FIGURES), z.number().int());
const Unreported = z.preprocess((text) => JSON.parse(String(text)), z.tuple([z.string(), z.string(), z.enum(['estimated', 'lapsed']), z.string(), z.string()]));

/** What went to vendors on a day (YYYY-MM-DD, UTC), by endpoint and model, and each charge that has not the vendor's word. */
export async function readVendorBook(redis: Redis, day: string): Promise<Pick<VendorBook, 'vendors' | 'unreported'>> {
  const [fields, unreported] = await withRedis(() => Promise.all([redis.hgetall(vendorsPrefix + day), redis.hgetall(unreportedPrefix + day)]));
  const vendors = new Map<string, Record<(typeof WORDS)[number], z.infer<typeof Figures>>>();
  for (const [field, value] of Object.entries(fields)) {
    const parts = /^(.*)\|(reported|estimated|lapsed)\|(attempts|tokens|input|cost)$/s.exec(field);
    if (!parts) continue;
    const [, name = '', word, figure] = parts;
    const known = vendors.get(name) ?? { reported: {}, estimated: {}, lapsed: {} };
    known[z.enum(WORDS).parse(word)][z.enum(FIGURES).parse(figure)] = Number(value);
    vendors.set(name, known);
  }
  return {
    vendors: [...vendors].map(([name, words]) => ({ endpoint: name.slice(0, name.indexOf('|')), model: name.slice(name.indexOf('|') + 1), reported: charged(words.reported), estimated: charged(words.estimated), lapsed: charged(words.lapsed) })).sort(byName),
    unreported: Object.entries(unreported).map(([id, text]) => {
      const [endpoint, model, word, tokens, nanoUsd] = Unreported.parse(text);
      return { attemptId: id, endpoint, model, word, tokens: Number(tokens), nanoUsd: Number(nanoUsd) };
    }).sort((left, right) => (left.attemptId < right.attemptId ? -1 : 1)),
  };
}

const charged = ({ attempts = 0, tokens = 0, input = 0, cost = 0 }: z.infer<typeof Figures>) => ({ attempts, tokens, inputTokens: input, nanoUsd: cost });

const byName = (left: { endpoint: string; model: string }, right: { endpoint: string; model: string }): number => (`${left.endpoint}|${left.model}` < `${right.endpoint}|${right.model}` ? -1 : 1);
