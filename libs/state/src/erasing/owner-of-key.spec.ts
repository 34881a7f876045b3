import { keys } from '../keys.js';
import { accountKey, cacheKey, resultKey } from '../ledger/ledger-keys.js';
import { ownerOfKey, type KeyOwner } from './owner-of-key.js';

const ref = { tenant: 'acme', workflowId: 'wf-1' };
const memory = { tenant: 'acme', collection: 'wf-1' };
const ofTenant: KeyOwner = { tenant: 'acme' };

/** Every builder of keys.ts, so that a new one has to say whose its keys are. */
const OWNERS: Readonly<Record<keyof typeof keys, readonly [key: string, owner: KeyOwner | null]>> = {
  workflow: [keys.workflow(ref), ref], steps: [keys.steps(ref), ref], events: [keys.events(ref), ref], tombstone: [keys.tombstone(ref), ref],
  call: [keys.call(ref, 'c1'), ref], claim: [keys.claim(ref, 'c1'), ref], kv: [keys.kv(ref), ref], snapshots: [keys.snapshots(ref), ref], counted: [keys.counted(ref), ref],
  held: [keys.held(3, 'worker-1'), null], due: [keys.due(3), null], queue: [keys.queue(3, 'tool', 'acme', 'low'), ofTenant], turns: [keys.turns(3, 'tool', 'low'), null],
  first: [keys.first(3, 'tool'), null], sent: [keys.sent(3, 'tool'), null], journal: [keys.journal(3), null], relay: [keys.relay(3), null],
  list: [keys.list(3, 'acme'), ofTenant], active: [keys.active(3), null], usage: [keys.usage(3, 'acme', '2030-01-01'), ofTenant], usageOfTenants: [keys.usageOfTenants(3, '2030-01-01'), null],
  accounts: [keys.accounts(3, 'acme'), ofTenant], partition: [keys.partition(3), null], checkpoint: [keys.checkpoint(), null], witnesses: [keys.witnesses(), null],
  erasedTenants: [keys.erasedTenants(), null], recoveryLease: [keys.recoveryLease(), null], approvals: [keys.approvals(3, 'acme'), ofTenant],
  worker: [keys.worker('model', 'm1'), null], workerIndex: [keys.workerIndex(), null], workerTools: [keys.workerTools('e1'), null], workerQueue: [keys.workerQueue('e1'), null], blob: [keys.blob('ab'), null],
  tools: [keys.tools(), null], toolVersions: [keys.toolVersions('acme'), ofTenant], toolHeads: [keys.toolHeads('acme'), ofTenant], toolModule: [keys.toolModule('ab'), null], toolTenants: [keys.toolTenants(), null],
  promptVersions: [keys.promptVersions('acme'), ofTenant], promptNewest: [keys.promptNewest('acme'), ofTenant], promptBytes: [keys.promptBytes('acme'), ofTenant], promptLabels: [keys.promptLabels('acme', 'p'), ofTenant],
  promptTenants: [keys.promptTenants(), null], bundledPrompts: [keys.bundledPrompts(), null],
  files: [keys.files('acme'), ofTenant], fileContents: [keys.fileContents('acme'), ofTenant], fileTexts: [keys.fileTexts('acme'), ofTenant], fileTenants: [keys.fileTenants(), null],
  memoryMeta: [keys.memoryMeta('acme'), ofTenant], memoryHeads: [keys.memoryHeads(memory), ofTenant], memoryTexts: [keys.memoryTexts(memory), ofTenant], memoryVectors: [keys.memoryVectors(memory), ofTenant],
  memoryChanges: [keys.memoryChanges(memory), ofTenant], memoryGone: [keys.memoryGone(memory), ofTenant], memoryExpiry: [keys.memoryExpiry(memory), ofTenant], memoryDue: [keys.memoryDue(), null],
  schedules: [keys.schedules('acme'), ofTenant], schedulesDue: [keys.schedulesDue(), null],
  gateInside: [keys.gateInside('acme'), ofTenant], gateKeyInside: [keys.gateKeyInside('acme', 'a:b\n'), ofTenant], gateLine: [keys.gateLine('acme', ''), ofTenant], gateStarts: [keys.gateStarts('acme', 'a'), ofTenant],
  gateKeys: [keys.gateKeys('acme'), ofTenant], gateTenants: [keys.gateTenants(), null], policies: [keys.policies(), null], requeued: [keys.requeued('1-2'), null],
  apiKeys: [keys.apiKeys(), null], apiKeyUses: [keys.apiKeyUses(), null], session: [keys.session('ab'), null], audit: [keys.audit('acme'), null], auditTenants: [keys.auditTenants(), null],
};

describe('whose a key is', () => {
  it.each(Object.entries(OWNERS))('%s', (_name, [key, owner]) => expect(ownerOfKey(key)).toEqual(owner));

  it('is also said by the keys of the ledger', () => {
    expect(ownerOfKey(`${accountKey({ scope: 'workflow', tenant: 'acme', id: 'wf-1' })}:limits`)).toEqual(ref);
    expect(ownerOfKey(`${accountKey({ scope: 'user', tenant: 'acme', id: 'wf-1' })}:day:2030-01-01`)).toEqual(ofTenant);
    expect(ownerOfKey(`${accountKey({ scope: 'tenant', tenant: 'acme', id: 'acme' })}:total`)).toEqual(ofTenant);
    expect(ownerOfKey(`${accountKey({ scope: 'global', tenant: 'acme', id: 'acme' })}:total`)).toBeNull();
    expect(ownerOfKey(resultKey('acme', 'wf-1', 'c1'))).toEqual(ref);
    expect(ownerOfKey(cacheKey('acme', 'ab'))).toEqual(ofTenant);
  });

  it('is not the tenant whose name is another word of the key', () => {
    expect(ownerOfKey(keys.queue(3, 'tool', 'acme', 'tool'))).toEqual(ofTenant);
    expect(ownerOfKey(keys.list(3, 'list'))).toEqual({ tenant: 'list' });
    expect(ownerOfKey('another-program:of:acme')).toBeNull();
  });
});
