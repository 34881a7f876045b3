import { describe, expect, it } from '@jest/globals';
import { Turns } from './turns.js';

describe('turns', () => {
  it('go to calls that were under way before they go to new ones', async () => {
    let offered = 0;
    const turns = new Turns(1, () => (offered += 1));
    turns.take();
    const order: string[] = [];
    const first = turns.again().then(() => order.push('first'));
    const second = turns.again().then(() => order.push('second'));
    expect(turns.free).toBe(0);
    turns.give();
    await first;
    expect([order, offered, turns.free]).toEqual([['first'], 0, 0]);
    turns.give();
    await second;
    turns.give();
    expect([order, offered, turns.free]).toEqual([['first', 'second'], 1, 1]);
  });

  it('are there at once when nobody has them', async () => {
    const turns = new Turns(2, () => undefined);
    await turns.again();
    expect(turns.free).toBe(1);
  });
});
