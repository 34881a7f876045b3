import { createJudge } from './judge.js';

/** A bus whose answers and age are set by the test. */
function createSubject() {
  const world = { alive: true as boolean | 'unknown', connectedForMs: 60_000, reconnect: (): void => undefined };
  const judge = createJudge(
    {
      isAlive: async () => world.alive,
      connectedForMs: () => world.connectedForMs,
      onReconnect: (listener) => {
        world.reconnect = listener;
        return () => undefined;
      },
    },
    3_000,
  );
  const look = (present = true): Promise<boolean> => judge.isGone({ service: 'executor', id: 'e1', present });
  return { world, look };
}

describe('a worker', () => {
  it('that nobody answers for is gone at the second look, when it answered before', async () => {
    const { world, look } = createSubject();
    expect(await look()).toBe(false);
    world.alive = false;
    expect(await look()).toBe(false);
    expect(await look()).toBe(true);
  });

  it('that was just reconnecting is not', async () => {
    const { world, look } = createSubject();
    await look();
    world.alive = false;
    await look();
    world.alive = true;
    expect(await look()).toBe(false);
    world.alive = false;
    expect(await look()).toBe(false);
  });

  it('is not taken for dead because the broker restarted', async () => {
    const { world, look } = createSubject();
    await look();
    world.reconnect();
    world.alive = false;
    expect([await look(), await look(), await look()]).toEqual([false, false, false]);
  });

  it('whose presence lapsed is gone when it does not answer, and lives when it does', async () => {
    const { world, look } = createSubject();
    world.alive = 'unknown';
    expect(await look(false)).toBe(true);
    world.alive = true;
    expect(await look(false)).toBe(false);
  });

  it('whose presence lapsed is given time while our own connection is young', async () => {
    const { world, look } = createSubject();
    world.alive = 'unknown';
    world.connectedForMs = 100;
    expect(await look(false)).toBe(false);
  });
});
