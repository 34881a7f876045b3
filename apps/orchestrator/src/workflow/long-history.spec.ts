import { drive } from './drive-for-tests.js';

/** Ms a step, on average over the last tenth of a map with so many items. */
function costOfLateSteps(items: number): number {
  const run = drive({ steps: [{ id: 'fan', kind: 'map', over: { $: 'input' }, parallel: 8, step: { id: 'one', kind: 'tool', tool: 't', input: { $: 'item' } } }] }, { input: Array.from({ length: items }, (_, index) => index) });
  const tenth = items / 10;
  let startedAt = 0;
  for (let index = 0; index < items; index += 1) {
    if (index === items - tenth) startedAt = performance.now();
    run.answer(`fan--${index}`, index);
  }
  expect(run.state().status).toBe('completed');
  return (performance.now() - startedAt) / tenth;
}

describe('a workflow of very many steps', () => {
  it('costs hardly more a step at the end of 20,000 than at the end of 2,000', () => {
    costOfLateSteps(1_000);
    const short = costOfLateSteps(2_000);
    const long = costOfLateSteps(20_000);
    // Ten times as much would be quadratic.
    expect(long / short).toBeLessThan(6);
  });
});
