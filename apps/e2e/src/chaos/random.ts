/** Numbers in [0, 1): the same ones for the same seed (mulberry32). */
export type Random = () => number;

export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export const between = (random: Random, [least, most]: readonly [number, number]): number => Math.round(least + random() * (most - least));

/** The item that a number in [0, 1) falls on. */
export function pick<Item>(items: readonly Item[], aim: number): Item {
  const item = items[Math.min(items.length - 1, Math.floor(aim * items.length))];
  if (item === undefined) throw new RangeError('There is nothing to pick from');
  return item;
}

export function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  const left = [...items];
  const order: Item[] = [];
  while (left.length > 0) order.push(...left.splice(Math.floor(random() * left.length), 1));
  return order;
}
