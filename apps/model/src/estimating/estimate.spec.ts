import { PROMPTS_FOLDER, localRouter, routerOf, targetOf } from '../answering/context-for-tests.js';
import { createPromptStore, loadPrompts } from '../prompts/prompt-store.js';
import { estimateDemands } from './estimate.js';

const complete = (): never => {
  throw new Error('an estimate asks no vendor');
};

describe('the estimate of model calls', () => {
  it('takes the price of the first model, and the words and limits of the prompt', async () => {
    const prompts = createPromptStore(await loadPrompts(PROMPTS_FOLDER));
    const router = routerOf({ small: [targetOf('cheap', complete, { maxOutputTokens: 4_096, price: { inputUsdPerMillion: 1, outputUsdPerMillion: 2 } }), targetOf('dear', complete)] });
    const { estimates } = await estimateDemands({ demands: [{ calls: 2, inputTokens: 1_000, prompt: 'summarise' }, { calls: 1, inputTokens: 10, tier: 'small', maxTokens: 9_999_999 }] }, { router, prompts });
    expect(estimates[0]).toMatchObject({ model: 'cheap', outputTokens: 2 * 1_024 });
    expect(estimates[0]?.inputTokens).toBeGreaterThan(1_100);
    expect(estimates[0]?.costNanoUsd).toBe((estimates[0]?.inputTokens ?? 0) * 1_000 + 2_048 * 2_000);
    expect(estimates[1]).toMatchObject({ outputTokens: 4_096 });
  });

  it('prices embeddings by what is embedded', async () => {
    const asked: unknown[] = [];
    const router = { resolve: async (wanted: unknown) => (asked.push(wanted), [targetOf('embedder', complete, { price: { inputUsdPerMillion: 1, outputUsdPerMillion: 0 } })]) };
    const { estimates } = await estimateDemands({ demands: [{ calls: 1, inputTokens: 500, embeds: true, maxTokens: 0 }] }, { router, prompts: createPromptStore([]) });
    expect(estimates).toEqual([{ inputTokens: 500, outputTokens: 0, costNanoUsd: 500_000, model: 'embedder' }]);
    expect(asked).toMatchObject([{ needs: { embed: true } }]);
  });

  it('says why there is no price', async () => {
    const { estimates } = await estimateDemands({ demands: [{ calls: 1, inputTokens: 5, model: 'nobody' }, { calls: 1, inputTokens: 5, prompt: 'nothing' }] }, { router: localRouter(), prompts: createPromptStore([]) });
    expect(estimates).toMatchObject([{ costNanoUsd: null, problem: expect.stringContaining('nobody') }, { costNanoUsd: null, problem: expect.stringContaining('nothing') }]);
    await expect(estimateDemands({ demands: [{ calls: -1 }] }, { router: localRouter(), prompts: createPromptStore([]) })).rejects.toThrow('/demands/0');
  });
});
