import { modelFactsOf } from './model-output.js';

it('modelFactsOf reads what a model step gives, and nothing of other outputs', () => {
  expect(modelFactsOf({ text: 'x', model: 'm', provider: 'openai', finishReason: 'length', cached: true, prompt: { name: 'report', version: 2 } })).toEqual({ provider: 'openai', finish: 'cut off at its most tokens', cached: true, notice: undefined, prompt: { name: 'report', version: 2 } });
  expect(modelFactsOf({ finishReason: 'new', prompt: { name: 1 } })).toMatchObject({ finish: 'new', prompt: undefined, cached: false });
  expect([null, 'text', { prompt: { name: 'report', version: 2 } }].map(modelFactsOf)).toEqual([undefined, undefined, undefined]);
});
