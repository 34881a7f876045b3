import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { JetStreamStrategy, connectBus, subjects, type Bus, type ConsumerPlan } from '@trivet/bus';
import { CONSUMERS, type Worker } from '@trivet/contracts';
import { reach, toNestLogger, type ConfigOf, type ServiceRuntime, type StartedService } from '@trivet/service';
import { checkDurability, connectRedis, countWorkflows, createAccountIndex, createApiKeyStore, createApprovalIndex, createAuditLog, createBlobs, createCallQueue, createClaims, createFileStore, createJournalState, createLedger, createLedgerClock, createPolicyStore, createPresence, createPromptUploads, createRecoveryState, createRequeuedLetters, createScheduleStore, createSessionStore, createTenantErasure, createToolCatalog, createToolUploads, createUsageCounts, createWorkflowErasure, createWorkflowStore, keepPresence, setRestartGate, type LedgerClock, type Redis, type ToolCatalog } from '@trivet/state';
import { createMetrics, createServiceMetrics, startTelemetry, type Logger, type Metrics, type ServiceMetrics, type Telemetry } from '@trivet/telemetry';
import { openAccess } from './access/access.js';
import { mountAdminRoutes, portOf } from './admin-mount.js';
import { createJournalReader } from './api/archive.js';
import { createDeadLetters } from './api/dead-letters.js';
import { createGlances } from './api/glances.js';
import { createOverview } from './api/overview.js';
import { createQueries } from './api/queries.js';
import { rpcEndpoints } from './api/rpc.js';
import type { Upload } from './api/tools.controller.js';
import { createListTenants } from './api/tenants.js';
import { createWatches } from './api/watches.js';
import { createApprovals } from './approval/approvals.js';
import { createAuditTrail, type AuditTrail } from './audit/audit-trail.js';
import { createControls } from './control/controls.js';
import { createErasing, type Erasing } from './erasing/erasing.js';
import { createApplication } from './http-server.js';
import { createIntake } from './intake/intake.js';
import { createResults } from './intake/results.js';
import { createInputCheck } from './planning/input-check.js';
import { createPlanTask } from './planning/plan-task.js';
import { loadTemplates } from './planning/templates.js';
import type { Dispatcher } from './runner/dispatcher.js';
import type { ExecutorTools } from './runner/executor-tools.js';
import type { Liveness } from './runner/liveness.js';
import type { Runner } from './runner/runner.js';
import { startMachinery, type Machinery } from './runner/machinery.js';
import { ACCOUNTS, API_KEYS, APPROVALS, AUDIT, AUDIT_LOG, BUS, TOOLS, UPLOAD, CONTROLS, DEAD_LETTERS, DISPATCHER, ERASING, FACTS, FILES, GATEKEEPER, GUARD, HTTP_HOST, INTAKE, KNOWN_KEYS, LEDGER, LIVENESS, NATS_URL, OVERVIEW, POLICIES, PROMPTS, QUERIES, REACH, RESULTS, RUNNER, SCHEDULES, SESSIONS, TEMPLATES, TENANTS, USAGE_COUNTS, WATCHES } from './tokens.js';
import { createArtefactKeeper } from './files/artefacts.js';
import { createRenderAsker } from './prompts/ask-render.js';
import { createPrompts } from './prompts/prompts.js';
import { createTextAsker } from './files/ask-text.js';
import { createFiles } from './files/files.js';
import type { Gatekeeper } from './policy/gatekeeper.js';
import { createPolicies, type Policies } from './policy/policies.js';
import { tombstoneMsOf } from './recovery/erasures.js';
import { createContinuity, type Continuity } from './recovery/continuity.js';
import { createFacts, type Facts } from './recovery/facts.js';
import { createRecovery, type Recovery } from './recovery/recovery.js';
import { createSchedules } from './schedule/schedules.js';
import { startTicker } from './schedule/ticker.js';
import { readSigners } from './tools/signature.js';
import { createTools, type Tools } from './tools/tools.js';
import { uploadTool, type UploadDependencies } from './tools/upload.js';
import { DAY_MS, type VARIABLES } from './variables.js';

const TEMPLATES_FOLDER = fileURLToPath(new URL('../templates', import.meta.url));
/** How many messages of each kind one orchestrator works on at once. */
const CONCURRENCY = 64;
const PLANS: ConsumerPlan[] = [CONSUMERS.tasks, CONSUMERS.results].map((consumer) => ({ consumer, concurrency: () => CONCURRENCY }));

export type OrchestratorRuntime = ServiceRuntime<ConfigOf<typeof VARIABLES>, Logger>;

/** Starts an orchestrator: connects, recovers what others left, and opens its doors. */
export async function startOrchestrator(runtime: OrchestratorRuntime): Promise<StartedService> {
  const { config, logger, workerId, version } = runtime;
  const onError = (error: unknown): void => logger.warn({ err: error }, 'a background task failed and is tried again');
  const { telemetry, redis, bus, metrics, watchWorker } = await connect(runtime, onError);
  const clock = await createLedgerClock(redis);
  const stores = createStores(redis);
  const { presence, catalog, ledger, auditLog } = stores;
  const { facts, recovery, continuity } = await recover({ ...runtime, redis, bus, clock, stores, onError });
  const audit = createAuditTrail(auditLog, clock, (rows) => void facts.recordAudit(rows).catch(onError));
  const templates = await loadTemplates(TEMPLATES_FOLDER);
  const tools = createTools({ catalog, uploads: stores.toolUploads, facts, audit });
  const upload = createUpload({ bus, catalog, uploads: stores.toolUploads, facts, audit, clock, signers: readSigners(config.toolSigners), toolPolicyOf: async (tenant) => (await policies.of(tenant)).tools });
  const policies = createPolicies({ store: stores.policyStore, journal: (policy) => facts.record(policy.tenant, { kind: 'policy', policy }), setTimeZone: (...zone) => ledger.setTimeZone(...zone) });
  const machinery = startMachinery({ policies, strictJournal: config.strictJournal, keepFinishedMs: config.keepFinishedMs, metrics, ...stores, bus, redis, clock, continuity, workerId, logger, onError, beginChild: (...child) => intake.beginChild(...child) });
  const { runner, liveness, executorTools, dispatcher, gatekeeper, ownerOf } = machinery;
  const { intake, controls, schedules, approvals, queries, watches, deadLetters, readOverview } = createDomain({ ...stores, redis, bus, workerId, ownerOf, clock, audit, templates, tools, runner, liveness, executorTools, dispatcher, policies, gatekeeper, facts });
  const strategy = new JetStreamStrategy(bus, PLANS, { drainTimeoutMs: config.drainTimeoutMs, logger });
  let draining = false;
  const describe = (): Worker => ({ service: 'orchestrator', id: workerId, pid: process.pid, host: hostname(), version, startedAt, inFlight: strategy.inFlight(), slots: CONCURRENCY, draining });
  const startedAt = new Date(clock.nowMs()).toISOString();

  watchWorker(() => ({ slots: CONCURRENCY, used: strategy.inFlight(), draining }));
  addChecks(runtime.health, { bus, redis, catalog });
  const files = createFiles({ store: stores.fileStore, facts, audit, askText: createTextAsker(bus, stores.blobs), clock });
  const prompts = createPrompts({ uploads: stores.promptUploads, facts, audit, clock, askRender: createRenderAsker(bus) });
  const results = createResults({ bus, workerId, ownerOf, runner, keepArtefacts: createArtefactKeeper({ files, blobs: stores.blobs, runner }) });
  const access = await openAccess({ config, store: stores.apiKeys, sessionStore: stores.sessions, facts, audit, nowMs: clock.nowMs, logger, onError });
  const provided = new Map<symbol, unknown>([[BUS, bus], [INTAKE, intake], [RUNNER, runner], [CONTROLS, controls], [APPROVALS, approvals], [SCHEDULES, schedules], [POLICIES, policies], [GATEKEEPER, gatekeeper], [FACTS, facts], [REACH, reach], [QUERIES, queries], [LEDGER, ledger], [TOOLS, tools], [FILES, files], [RESULTS, results], [UPLOAD, upload], [AUDIT, audit], [AUDIT_LOG, auditLog], [LIVENESS, liveness], [DISPATCHER, dispatcher], [WATCHES, watches], [DEAD_LETTERS, deadLetters], [OVERVIEW, readOverview], [USAGE_COUNTS, stores.usageCounts], [ACCOUNTS, stores.accounts], [HTTP_HOST, config.httpHost], [NATS_URL, config.natsUrl], [TEMPLATES, templates], [PROMPTS, prompts], [GUARD, access.guard], [API_KEYS, access.apiKeys], [KNOWN_KEYS, access.known], [SESSIONS, access.sessions], [ERASING, createEraser({ ...stores, redis, bus, clock, audit, facts, forgetKeys: access.known.forget, keepFinishedMs: config.keepFinishedMs, journalMaxAgeMs: config.journalMaxAgeDays * DAY_MS })], [TENANTS, createListTenants({ ...stores, countWorkflows: (tenant) => countWorkflows(redis, tenant) })]]);
  const app = await createApplication({ provided, guard: access.guard, onPage: access.addPage, strategy, log: logger, nestLogger: toNestLogger(logger), register: (application) => mountAdminRoutes(application, runtime.adminRoutes) });
  await app.startAllMicroservices();
  const responder = bus.respond({ name: 'orchestrator', id: workerId, version, description: 'Plans and commands', endpoints: rpcEndpoints({ intake, queries, controls, approvals, schedules, policies, audit }), data: () => ({ inFlight: strategy.inFlight(), draining }) });
  const announced = await keepPresence(presence, describe, onError);
  await app.listen(config.httpPort, config.httpHost);
  const ticker = startTicker({ store: stores.scheduleStore, intake, runner, controls, onError });

  return {
    httpPort: portOf(app.getHttpServer()),
    stopIntake: async () => {
      draining = true;
      announced.update();
      responder.stop();
      await Promise.all([results.stop(), intake.stop(), ticker.stop()]);
      await strategy.close();
    },
    idle: () => machinery.idle(),
    flush: async () => {
      await machinery.flush();
      await telemetry.flush();
    },
    close: async () => {
      await machinery.stop();
      await recovery.stop();
      continuity.stop();
      await announced.leave();
      await app.close();
      await telemetry.shutdown();
      await bus.close();
      clock.stop();
      redis.disconnect();
    },
  };
}

const createUpload = (parts: UploadDependencies): Upload => (by, name, given) => uploadTool(parts, by, name, given);

function addChecks(health: OrchestratorRuntime['health'], { bus, redis, catalog }: { bus: Bus; redis: Redis; catalog: Pick<ToolCatalog, 'list'> }): void {
  health.addCheck('bus', () => { if (!bus.isConnected()) throw new Error('NATS is not connected'); });
  health.addCheck('redis', async () => void (await redis.ping()));
  health.addCheck('tools', async () => { if ((await catalog.list()).length === 0) throw new Error('no executor has brought its tools yet'); });
}

interface Connected extends Pick<ServiceMetrics, 'watchWorker'> {
  telemetry: Telemetry;
  redis: Redis;
  bus: Bus;
  metrics: Metrics;
}

/** Opens what an orchestrator shares with the others: its traces, Redis, and the bus, whose streams it creates. */
async function connect({ config, logger, workerId, version, setMetrics }: OrchestratorRuntime, onError: (error: unknown) => void): Promise<Connected> {
  const metrics = createMetrics('orchestrator');
  const { bus: observer, watchWorker } = createServiceMetrics(metrics);
  setMetrics(metrics);
  const telemetry = startTelemetry({ service: 'orchestrator', version, workerId, otel: config.otel });
  const redis = connectRedis({ url: config.redisUrl, replicas: config.redisReplicas, name: workerId, onError: (error) => logger.debug({ err: error }, 'Redis') });
  for (const weakness of await checkDurability(redis, config.durability)) logger.warn(`Durability is relaxed: ${weakness}`);
  const bus = await connectBus({ url: config.natsUrl, name: workerId, inboxPrefix: '_INBOX_orchestrator', mayCreate: true, replicas: config.natsReplicas, journalMaxAgeMs: config.journalMaxAgeDays * DAY_MS, observer, onError });
  telemetry.setSpanPublisher(async (tenant, workflowId, spans) => void (await bus.publish(subjects.span(tenant, workflowId), { spans }, { workflowId })));
  return { telemetry, redis, bus, metrics, watchWorker };
}

/** Sees to it that Redis holds what the journal holds, now and after each restart of Redis. */
async function recover({ redis, bus, clock, stores, config, workerId, logger, onError }: OrchestratorRuntime & { redis: Redis; bus: Bus; clock: LedgerClock; stores: ReturnType<typeof createStores>; onError: (error: unknown) => void }): Promise<{ facts: Facts; recovery: Recovery; continuity: Continuity }> {
  const state = createRecoveryState(redis);
  const continuity = createContinuity({ bus, state, onError });
  const facts = createFacts({ ...stores, bus, clock, continuity, onError, policies: stores.policyStore, schedules: stores.scheduleStore, uploads: stores.toolUploads, prompts: stores.promptUploads, files: stores.fileStore });
  const recovery = createRecovery({ ...stores, bus, facts, continuity, journal: createJournalState(redis), state, nowMs: clock.nowMs, keepFinishedMs: config.keepFinishedMs, journalMaxAgeMs: config.journalMaxAgeDays * DAY_MS, owner: workerId, logger });
  setRestartGate(redis, recovery.gate);
  await recovery.ensure();
  return { facts, recovery, continuity };
}

interface EraserParts extends ReturnType<typeof createStores> {
  redis: Redis;
  bus: Bus;
  clock: LedgerClock;
  audit: AuditTrail;
  facts: Facts;
  forgetKeys: () => void;
  keepFinishedMs: number;
  journalMaxAgeMs: number;
}

const createEraser = (parts: EraserParts): Erasing =>
  createErasing({ ...parts, reach, recoveryState: createRecoveryState(parts.redis), journal: createJournalState(parts.redis), journaled: createJournalReader(parts.bus), nowMs: parts.clock.nowMs, tombstoneMs: tombstoneMsOf(parts) });

interface DomainParts extends ReturnType<typeof createStores> {
  redis: Redis;
  bus: Bus;
  clock: LedgerClock;
  audit: AuditTrail;
  templates: Awaited<ReturnType<typeof loadTemplates>>;
  runner: Runner;
  liveness: Liveness;
  executorTools: ExecutorTools;
  dispatcher: Dispatcher;
  policies: Policies;
  gatekeeper: Gatekeeper;
  facts: Facts;
  tools: Tools;
  workerId: string;
  ownerOf: Machinery['ownerOf'];
}

/** What the doors call into. */
function createDomain(parts: DomainParts) {
  const planning = { tools: parts.tools, templates: parts.templates, checkInput: createInputCheck(), toolPolicyOf: async (tenant: string) => (await parts.policies.of(tenant)).tools };
  const intake = createIntake({ ...parts, ...planning, reach });
  const glances = createGlances(parts.store);
  const { liveness, executorTools, dispatcher } = parts;
  const queries = createQueries({ ...parts, glances, hands: { workers: liveness.workers, mayHave: executorTools.mayHave, depth: dispatcher.depth } });
  const approvals = createApprovals({ ...parts, index: createApprovalIndex(parts.redis) });
  const deadLetters = createDeadLetters({ ...parts, requeued: createRequeuedLetters(parts.redis) });
  return {
    intake,
    queries,
    deadLetters,
    readOverview: createOverview({ ...parts, glances, queries, approvals, deadLetters }),
    controls: createControls(parts),
    schedules: createSchedules({ store: parts.scheduleStore, intake, planTask: createPlanTask(planning), clock: parts.clock, audit: parts.audit, journal: (tenant, id, schedule) => parts.facts.record(tenant, { kind: 'schedule', tenant, id, schedule }) }),
    approvals,
    watches: createWatches(parts.bus, queries),
  };
}

const createStores = (redis: Redis) => ({
  store: createWorkflowStore(redis, { guarded: true }),
  blobs: createBlobs(redis),
  queue: createCallQueue(redis),
  claims: createClaims(redis),
  presence: createPresence(redis),
  catalog: createToolCatalog(redis),
  toolUploads: createToolUploads(redis),
  promptUploads: createPromptUploads(redis),
  fileStore: createFileStore(redis),
  ledger: createLedger(redis),
  usageCounts: createUsageCounts(redis),
  accounts: createAccountIndex(redis),
  auditLog: createAuditLog(redis),
  scheduleStore: createScheduleStore(redis),
  policyStore: createPolicyStore(redis),
  apiKeys: createApiKeyStore(redis),
  sessions: createSessionStore(redis),
  workflowErasure: createWorkflowErasure(redis),
  tenantErasure: createTenantErasure(redis),
});
