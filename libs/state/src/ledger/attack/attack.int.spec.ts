import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { sourceArguments, startRedis, type TestServer } from '@trivet/testing';
import { connectRedis, type Redis } from '../../redis.js';
import type { AccountRef } from '../ledger-keys.js';
import { createLedger, type Ledger } from '../ledger.js';

const LIMIT = 300_000;
const WORKFLOW_LIMIT = 80_000;
const account = (scope: AccountRef['scope'], id: string): AccountRef => ({ scope, tenant: 'acme', id });
const WORKFLOWS = [0, 1, 2, 3, 4].map((number) => account('workflow', `w${number}`));
const SHARED = [account('user', 'ada'), account('tenant', 'acme'), account('global', 'global')];

interface Tally {
  held: number;
  denied: number;
  abandoned: number;
  over: number;
}

describe('the ledger under attack', () => {
  let server: TestServer;
  let redis: Redis;
  let ledger: Ledger;
  const children: ChildProcess[] = [];
  beforeAll(async () => {
    server = await startRedis({ appendfsync: 'no' });
    redis = connectRedis({ url: server.url, name: 'test' });
    ledger = createLedger(redis);
  });
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    redis.disconnect();
    await server.stop();
  });

  it('never lets used and held pass a limit, and loses no token, while one of three processes is killed', async () => {
    await ledger.setLimits(account('global', 'global'), [{ window: 'total', limitTokens: LIMIT, limitNanoUsd: LIMIT * 50 }]);
    for (const workflow of WORKFLOWS) await ledger.setLimits(workflow, [{ window: 'total', limitTokens: WORKFLOW_LIMIT }]);

    const first = startSpender(1);
    const others = [startSpender(2), startSpender(3)];
    let running = true;
    const sampling = sample(() => running);
    await until(async () => (await total('global', 'global')).usedTokens > LIMIT / 10, 'spending has begun');
    first.child.kill('SIGKILL');
    const tallies = await Promise.all(others.map(({ tally }) => tally));
    running = false;

    const { samples, highest } = await sampling;
    expect(samples).toBeGreaterThan(10);
    expect(highest).toBeLessThanOrEqual(LIMIT);
    for (const tally of tallies) expect(tally).toMatchObject({ over: 0, denied: expect.any(Number) });
    expect(tallies.reduce((sum, { denied }) => sum + denied, 0)).toBeGreaterThan(0);
    expect(tallies.reduce((sum, { abandoned }) => sum + abandoned, 0)).toBeGreaterThan(0);

    await until(async () => {
      await ledger.expireDue(1_000);
      return (await total('global', 'global')).heldTokens === 0;
    }, 'every abandoned lease is over');
    await expectBooksToBalance();
  }, 60_000);

  function startSpender(number: number): { child: ChildProcess; tally: Promise<Tally> } {
    const child = fork(fileURLToPath(new URL('./spender.ts', import.meta.url)), [server.url, String(number), '1500', '60'], { execArgv: sourceArguments(), env: { ...process.env, NODE_OPTIONS: '' } });
    children.push(child);
    const tally = new Promise<Tally>((resolve, reject) => {
      child.once('message', (message: Tally) => {
        resolve(message);
        child.disconnect();
      });
      child.once('exit', (code, signal) => reject(new Error(`the spender ended with ${code ?? signal}`)));
    });
    tally.catch(() => undefined);
    return { child, tally };
  }

  async function sample(running: () => boolean): Promise<{ samples: number; highest: number }> {
    let samples = 0;
    let highest = 0;
    while (running()) {
      for (const workflow of WORKFLOWS) {
        const { usedTokens, heldTokens } = await total(workflow.scope, workflow.id);
        expect(usedTokens + heldTokens).toBeLessThanOrEqual(WORKFLOW_LIMIT);
      }
      const { usedTokens, heldTokens, usedNanoUsd, heldNanoUsd } = await total('global', 'global');
      expect(usedNanoUsd + heldNanoUsd).toBe((usedTokens + heldTokens) * 50);
      highest = Math.max(highest, usedTokens + heldTokens);
      samples += 1;
    }
    return { samples, highest };
  }

  async function expectBooksToBalance(): Promise<void> {
    const shared = await Promise.all(SHARED.map(({ scope, id }) => total(scope, id)));
    const workflows = await Promise.all(WORKFLOWS.map(({ scope, id }) => total(scope, id)));
    for (const row of [...shared, ...workflows]) expect(row).toMatchObject({ heldTokens: 0, heldNanoUsd: 0 });
    const keys = await redis.keys('{ledger}:reservation:*');
    const charges = await Promise.all(keys.map((key) => ledger.readReservation(key.slice('{ledger}:reservation:'.length))));
    const charged = charges.reduce((sum, charge) => sum + (charge?.chargedTokens ?? 0), 0);
    expect(charged).toBeGreaterThan(0);
    expect(shared.map(({ usedTokens }) => usedTokens)).toEqual([charged, charged, charged]);
    expect(workflows.reduce((sum, { usedTokens }) => sum + usedTokens, 0)).toBe(charged);
  }

  async function total(scope: AccountRef['scope'], id: string) {
    const row = (await ledger.readAccount(account(scope, id))).windows.find(({ window }) => window === 'total');
    if (!row) throw new Error('no total');
    return row;
  }
});

async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within 30 s: ${what}`);
  }
}
