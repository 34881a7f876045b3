import type { Alive } from '@trivet/bus';
import { createJudge } from './judge.js';

/** A bus whose answers are set by the test, and a clock. */
function createSubject() {
  const world = { alive: true as Alive | Promise<Alive>, now: 1, isClustered: false, reconnect: (): void => undefined };
  const judge = createJudge(
    {
      isAlive: async () => world.alive,
      isClustered: () => world.isClustered,
      onReconnect: (listener) => {
        world.reconnect = listener;
        return () => undefined;
      },
    },
    3_000,
    () => world.now,
  );
  const look = (present = true): Promise<boolean> => judge.isGone({ service: 'executor', id: 'e1', present });
  const later = (ms: number): void => void (world.now += ms);
  return { world, look, later };
}

describe('a worker', () => {
  it('that nobody answers for is gone when it had the time to reconnect, if it answered before', async () => {
    const { world, look, later } = createSubject();
    expect(await look()).toBe(false);
    world.alive = false;
    expect(await look()).toBe(false);
    later(100);
    expect(await look()).toBe(false);
    later(100);
    expect(await look()).toBe(true);
  });

  it('in a cluster of brokers has the time to find another one when its own has died', async () => {
    const { world, look, later } = createSubject();
    world.isClustered = true;
    await look();
    world.alive = false;
    for (let ms = 0; ms < 1_900; ms += 100) {
      expect(await look()).toBe(false);
      later(100);
    }
    later(100);
    expect(await look()).toBe(true);
  });

  it('that was just reconnecting is not', async () => {
    const { world, look, later } = createSubject();
    await look();
    world.alive = false;
    await look();
    later(100);
    world.alive = true;
    expect(await look()).toBe(false);
    later(100);
    world.alive = false;
    expect(await look()).toBe(false);
  });

  it('is not taken for dead because the broker restarted', async () => {
    const { world, look, later } = createSubject();
    await look();
    world.reconnect();
    world.alive = false;
    for (let count = 0; count < 3; count += 1) {
      expect(await look()).toBe(false);
      later(200);
    }
  });

  it('whose presence lapsed is gone when it does not answer, and lives when it does', async () => {
    const { world, look } = createSubject();
    world.alive = 'silent';
    expect(await look(false)).toBe(true);
    world.alive = true;
    expect(await look(false)).toBe(false);
  });

  it('whose presence lapsed is given time while nobody can tell', async () => {
    const { world, look } = createSubject();
    world.alive = 'unknown';
    expect(await look(false)).toBe(false);
  });

  it('whose presence lapsed while a ping was on its way is gone when the one before got no answer', async () => {
    const { world, look } = createSubject();
    await look();
    world.alive = 'silent';
    await look();
    world.alive = new Promise(() => undefined);
    expect([await look(), await look(false)]).toEqual([false, true]);
  });

  it('that is present but cut off from the bus is gone when it has been silent for long, if it answered before', async () => {
    const { world, look, later } = createSubject();
    await look();
    world.alive = 'silent';
    expect(await look()).toBe(false);
    later(3_000);
    expect(await look()).toBe(false);
    later(1_000);
    expect(await look()).toBe(true);
  });

  it('that is slow to answer is not gone', async () => {
    const { world, look, later } = createSubject();
    await look();
    for (const alive of ['silent', true, 'silent', 'unknown', 'silent'] as const) {
      world.alive = alive;
      expect(await look()).toBe(false);
      later(3_000);
    }
  });

  it('that is silent since the broker restarted is not gone', async () => {
    const { world, look, later } = createSubject();
    await look();
    world.reconnect();
    world.alive = 'silent';
    expect(await look()).toBe(false);
    later(10_000);
    expect(await look()).toBe(false);
  });

  it('that was asked in the moment of its death is gone as soon as another', async () => {
    const { world, look, later } = createSubject();
    await look();
    world.alive = new Promise(() => undefined);
    expect(await look()).toBe(false);
    world.alive = false;
    expect(await look()).toBe(false);
    later(200);
    expect(await look()).toBe(true);
  });

  it('that answered since is not silent, although an earlier ping of ours was lost', async () => {
    const { world, look, later } = createSubject();
    let tell: (alive: Alive) => void = () => undefined;
    world.alive = new Promise((resolve) => (tell = resolve));
    await look();
    later(1_000);
    world.alive = true;
    await look();
    tell('silent');
    world.alive = new Promise(() => undefined);
    expect(await look(false)).toBe(false);
  });

  it('that hangs holds up no look for long', async () => {
    const { world, look } = createSubject();
    world.alive = new Promise(() => undefined);
    const startedAt = performance.now();
    for (let count = 0; count < 5; count += 1) expect(await look()).toBe(false);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});
