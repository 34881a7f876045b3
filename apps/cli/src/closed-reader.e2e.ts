import { launch } from './testing/launched.js';

describe('trivet … | head', () => {
  it('ends with 0 and without a word when nobody reads what it prints', async () => {
    const trivet = launch(['--help']);
    trivet.child.stdout?.destroy();
    expect(await trivet.ended).toBe(0);
    expect(trivet.errors()).toBe('');
  });
});
