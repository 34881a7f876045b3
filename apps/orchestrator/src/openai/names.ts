import { subjects, type Bus } from '@trivet/bus';
import { FailureError, TIERS, type Template } from '@trivet/contracts';
import { z } from 'zod';

/** What a chat completion asks: a model, a tier, or a template. */
export type Named = { by: 'model'; model: string } | { by: 'tier'; tier: (typeof TIERS)[number] } | { by: 'template'; template: string };

export interface ModelNames {
  list: () => Promise<string[]>;
  /** @throws FailureError model_unknown */
  resolve: (name: string) => Promise<Named>;
}

const PREFIX = 'trivet/';
const WITHIN_MS = 3_000;
const ModelList = z.object({ models: z.array(z.string()) });

export function createModelNames(bus: Pick<Bus, 'request'>, templates: ReadonlyMap<string, Template>): ModelNames {
  /** Null: no model service answers now. */
  async function models(): Promise<string[] | null> {
    try {
      const { body, errorCode } = await bus.request(subjects.rpc('model', 'list'), {}, { timeoutMs: WITHIN_MS });
      return errorCode === null ? ModelList.parse(body).models : null;
    } catch (error) {
      if (error instanceof FailureError && error.failure.code === 'unavailable') return null;
      throw error;
    }
  }

  const named = [...TIERS, ...[...templates.keys()].map((name) => `${PREFIX}${name}`)];
  return {
    list: async () => [...((await models()) ?? []), ...named],
    resolve: async (name) => {
      const tier = TIERS.find((each) => each === name);
      if (tier) return { by: 'tier', tier };
      const template = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : undefined;
      if (template !== undefined && templates.has(template)) return { by: 'template', template };
      const known = await models();
      // Where nobody can say, the step itself waits for a model service, and says what it does not know.
      if (known === null || known.includes(name)) return { by: 'model', model: name };
      throw new FailureError('model_unknown', `The model ${JSON.stringify(name.slice(0, 200))} does not exist.`, { hint: `There are ${[...known, ...named].join(', ')}.`, errors: [{ pointer: '/model', detail: 'does not exist' }] });
    },
  };
}
