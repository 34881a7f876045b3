import { connectBus, type Bus } from '@trivet/bus';
import { connectRedis, createAccountIndex, createApiKeyStore, createAuditLog, createFileStore, createLedger, createPolicyStore, createPromptUploads, createRecoveryState, createScheduleStore, createTenantErasure, createToolUploads, createWorkflowErasure, type Redis } from '@trivet/state';
import { startServers, until, type TestServers } from '@trivet/testing';
import { createContinuity, type Continuity } from './continuity.js';
import { createFacts, type Facts } from './facts.js';

describe('a fact', () => {
  let servers: TestServers;
  let bus: Bus;
  let redis: Redis;
  let continuity: Continuity;
  let facts: Facts;

  beforeAll(async () => {
    servers = await startServers();
    redis = connectRedis({ url: servers.redis.url, name: 'spec' });
    bus = await connectBus({ url: servers.nats.url, name: 'spec', mayCreate: true });
    continuity = createContinuity({ bus, state: createRecoveryState(redis), onError: () => undefined });
    facts = createFacts({
      bus, continuity, onError: () => undefined, clock: { nowMs: Date.now, stop: () => undefined }, ledger: createLedger(redis), accounts: createAccountIndex(redis), policies: createPolicyStore(redis), apiKeys: createApiKeyStore(redis), schedules: createScheduleStore(redis),
      uploads: createToolUploads(redis), prompts: createPromptUploads(redis), files: createFileStore(redis), auditLog: createAuditLog(redis), workflowErasure: createWorkflowErasure(redis), tenantErasure: createTenantErasure(redis),
    });
  }, 60_000);
  afterAll(async () => {
    continuity.stop();
    await bus.close();
    redis.disconnect();
    await servers.stop();
  });

  const distrusted = async (): Promise<boolean> => (await createRecoveryState(redis).checkpoint())?.stream.startsWith('lost ') === true;

  it('is missed in a journal that went back to where it had not this one, though no workflow lost anything', async () => {
    await facts.record('acme', { kind: 'policy', policy: { tenant: 'acme', weight: 1, maxRunning: 3, keys: [] } });
    await servers.nats.keepCopy();
    await until(() => continuity.look().then(() => true), 10_000);
    expect(await distrusted()).toBe(false);
    await facts.record('acme', { kind: 'erased', tenant: 'acme', workflowId: 'gone', at: new Date().toISOString() });
    await servers.nats.goBack();
    // Whoever records something next looks first, so that what was left there is not written over.
    await until(() => facts.record('acme', { kind: 'policy', policy: { tenant: 'acme', weight: 1, maxRunning: 4, keys: [] } }).then(() => true), 10_000);
    expect(await distrusted()).toBe(true);
  }, 60_000);
});
