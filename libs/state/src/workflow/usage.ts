import { keys, PARTITIONS } from '../keys.js';
import { withRedis, type Redis } from '../redis.js';

/** What one event says that a model call used. */
export interface UsedByCall {
  /** Of the event: what is counted up to a seq is counted once. */
  seq: number;
  /** YYYY-MM-DD, UTC */
  day: string;
  model: string;
  template: string;
  user: string;
  /** 1, or 0 for what an earlier attempt of the same call used. */
  calls: number;
  inputTokens: number;
  outputTokens: number;
  nanoUsd: number;
}

export type Used = Pick<UsedByCall, 'calls' | 'inputTokens' | 'outputTokens' | 'nanoUsd'>;
export type UsedUnder = Used & { day: string };

/** What model calls used, as the commits that recorded them counted it. */
export interface UsageCounts {
  /** Of a tenant on some days (YYYY-MM-DD, UTC). */
  of: (tenant: string, days: readonly string[]) => Promise<(UsedUnder & Pick<UsedByCall, 'model' | 'template' | 'user'>)[]>;
  /** Of all tenants. */
  ofTenants: (days: readonly string[]) => Promise<(UsedUnder & { tenant: string })[]>;
}

/** Stands for all names once a day has too many of them; no model, template or user is called so. */
export const OTHERS = '(others)';

/** Under which the commit script counts: what follows the last # is which figure. */
export const usageField = ({ model, template, user }: Pick<UsedByCall, 'model' | 'template' | 'user'>): string => JSON.stringify([model, template, user]);

const FIGURES = { c: 'calls', i: 'inputTokens', o: 'outputTokens', u: 'nanoUsd' } as const satisfies Record<string, keyof Used>;

export function createUsageCounts(redis: Redis): UsageCounts {
  const read = (days: readonly string[], keyOf: (partition: number, day: string) => string): Promise<{ name: string; used: UsedUnder }[]> =>
    withRedis(async () => {
      const places = days.flatMap((day) => PARTITIONS.map((partition) => ({ day, key: keyOf(partition, day) })));
      const hashes = await Promise.all(places.map(async ({ day, key }) => ({ day, fields: await redis.hgetall(key) })));
      return hashes.flatMap(({ day, fields }) => [...figuresByName(fields)].map(([name, used]) => ({ name, used: { day, ...used } })));
    });
  return {
    of: async (tenant, days) =>
      (await read(days, (partition, day) => keys.usage(partition, tenant, day))).map(({ name, used }) => {
        const [model = '', template = '', user = '']: string[] = JSON.parse(name);
        return { ...used, model, template, user };
      }),
    ofTenants: async (days) => (await read(days, keys.usageOfTenants)).map(({ name, used }) => ({ ...used, tenant: name })),
  };
}

function figuresByName(fields: Record<string, string>): Map<string, Used> {
  const byName = new Map<string, Used>();
  for (const [field, text] of Object.entries(fields)) {
    const at = field.lastIndexOf('#');
    const figure = Object.entries(FIGURES).find(([letter]) => letter === field.slice(at + 1))?.[1];
    if (!figure) continue;
    const name = field.slice(0, at);
    const used = byName.get(name) ?? { calls: 0, inputTokens: 0, outputTokens: 0, nanoUsd: 0 };
    byName.set(name, { ...used, [figure]: Number(text) });
  }
  return byName;
}
