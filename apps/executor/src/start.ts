import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { JetStreamStrategy, connectBus, subjects, type Bus, type Endpoint } from '@trivet/bus';
import { CONSUMERS, CallCancel, type Worker } from '@trivet/contracts';
import { createPace, reach, toNestLogger, type ConfigOf, type ServiceRuntime, type StartedService } from '@trivet/service';
import { connectRedis, createBlobs, createClaims, createFileStore, createKvStore, createPolicyStore, createPresence, createScriptSnapshots, createToolUploads, createMemoryStore, keepClaims, keepPresence, type Blobs, type FileStore, type Redis } from '@trivet/state';
import { createMetrics, createServiceMetrics, startTelemetry, type Logger, type Metrics, type ServiceMetrics, type Telemetry } from '@trivet/telemetry';
import { checkUpload, type CheckUploadParts } from './catalog/check-upload.js';
import { loadTools, type CatalogTool } from './catalog/tool-catalog.js';
import { tellTools } from './catalog/tell-tools.js';
import { createToolSource } from './catalog/tool-source.js';
import { answerExtract } from './documents/answer-extract.js';
import { createTextExtractor } from './documents/extract-text.js';
import { createArtefacts } from './host/artefacts.js';
import { createHttpExchange } from './host/egress/http-exchange.js';
import { readOperatorRules, type OperatorRules } from './host/egress/operator-rules.js';
import { documentsOr, folderDocuments, uploadedDocuments } from './host/files.js';
import type { InjectedFunction } from './host/host-functions.js';
import { createKv } from './host/kv.js';
import { createMemory } from './host/memory.js';
import { createEmbedTexts } from './memory/embed-texts.js';
import { createMemoryIndexes } from './memory/memory-indexes.js';
import { readMcpConfig } from './mcp/mcp-config.js';
import type { McpTool } from './mcp/mcp-tool.js';
import { startMcpTools } from './mcp/mcp-tools.js';
import { createModelAsker, type ModelAsker } from './running/ask-model.js';
import { createRemoteAsker } from './running/ask-remote.js';
import { CallHandler } from './running/call.handler.js';
import { tellQueue } from './running/tell-queue.js';
import { createToolMetrics } from './running/tool-metrics.js';
import { createToolPolicies } from './running/tool-policies.js';
import { createToolRunner, type ToolRunner, type ToolRunnerParts } from './running/tool-runner.js';
import { DEFAULT_LIMITS } from './sandbox/limits.js';
import type { SandboxLayer } from './sandbox/probe-layers.js';
import { SandboxPool } from './sandbox/pool.js';
import { TOOL_RUNNER } from './tokens.js';
import type { VARIABLES } from './variables.js';

const PLUGINS_FOLDER = fileURLToPath(new URL('../plugins', import.meta.url));
/** Calls that wait for their host give their turn back, so more may be at hand than can compute. */
const CALLS_PER_SLOT = 4;
/** Beyond what orchestrators deal by the slot: the first call of a tenant comes besides. */
const SPARE_CALLS = 16;
/** They search the web, and where there is none the sample corpus. */
const SAMPLE_TOOLS = ['web_search', 'web_fetch', 'web_research'];
/** Nobody sees what has expired; this is for the room it takes. */
const SWEEP_MEMORIES_EVERY_MS = 30_000;

export type ExecutorRuntime = ServiceRuntime<ConfigOf<typeof VARIABLES>, Logger>;

@Module({})
class ExecutorModule {}

/** Starts an executor: admits its tools, opens its slots, and takes calls. */
export async function startExecutor(runtime: ExecutorRuntime): Promise<StartedService> {
  const { config, logger, workerId, version } = runtime;
  const onError = (error: unknown): void => logger.warn({ err: error }, 'a background task failed and is tried again');
  const { telemetry, redis, bus, metrics, watchWorker } = await connect(runtime, onError);
  const blobs = createBlobs(redis);
  const claims = createClaims(redis);
  const presence = createPresence(redis);
  const { maxMemoryMib } = DEFAULT_LIMITS;
  const tools = new Map<string, CatalogTool | McpTool>(await loadTools(PLUGINS_FOLDER, { maxMemoryMib }));
  const mcp = await startMcpTools({ servers: readMcpConfig(config.mcpConfig), version, path: config.path, logger, onTool: (tool) => void tools.set(tool.manifest.name, tool) });
  const { pool, layers } = await openSandbox(config.slots, logger);
  const model = createModelAsker(bus, blobs);
  const pace = createPace();
  const uploads = createToolUploads(redis);
  const memory = openMemory({ redis, model, mostBytes: config.memoryIndexMib * 1_048_576, onError });
  const source = createToolSource({ bundled: tools, uploads, maxMemoryMib });
  const runner = createToolRunner({ bus, claims, blobs, pool, pace, tools: source, workerId, reach, askRemote: createRemoteAsker(bus), snapshots: createScriptSnapshots(redis), watchTool: createToolMetrics(metrics), onError, toolPolicyOf: createToolPolicies(createPolicyStore(redis)), services: { ...hostServices({ logger, model, files: createFileStore(redis), rules: readOperatorRules(config) }), kv: createKv(createKvStore(redis)), memory: memory.answer, artefacts: createArtefacts(blobs) } });
  const cancels = listenForCancels(bus, runner);

  let draining = false;
  const strategy = new JetStreamStrategy(bus, [{ consumer: CONSUMERS.toolCalls, concurrency: () => pool.slots * pace.callsPerSlot(CALLS_PER_SLOT) + SPARE_CALLS }], { drainTimeoutMs: config.drainTimeoutMs, logger });
  const startedAt = new Date().toISOString();
  const describe = (): Worker => ({ service: 'executor', id: workerId, pid: process.pid, host: hostname(), version, startedAt, inFlight: runner.inFlight(), slots: pool.slots, waiting: pool.figures().waiting, draining, toolsDigest: told.digest() });
  watchWorker(() => ({ slots: pool.slots, used: pool.figures().busy, draining }));
  addChecks(runtime.health, { bus, redis, layers });

  const responder = bus.respond({ name: 'executor', id: workerId, version, description: 'Runs tools in the sandbox', endpoints: rpcEndpoints({ pool, uploads, maxMemoryMib, blobs }), data: () => ({ inFlight: runner.inFlight(), slots: pool.slots, draining }) });
  const told = await tellTools({ presence, workerId, tools, onError });
  const queue = tellQueue({ presence, workerId, pool, onError });
  const keeper = keepClaims(claims, workerId, runner.isRunning, onError);
  const announced = await keepPresence(presence, describe, onError);
  const module: DynamicModule = { module: ExecutorModule, controllers: [CallHandler], providers: [{ provide: TOOL_RUNNER, useValue: runner }] };
  const app = await NestFactory.createMicroservice(module, { strategy, logger: toNestLogger(logger), abortOnError: false });
  await app.listen();

  return {
    stopIntake: async () => {
      draining = true;
      announced.update();
      await strategy.close();
    },
    flush: async () => {
      await claims.settled();
      await telemetry.flush();
    },
    close: async () => {
      told.stop();
      queue.stop();
      memory.stop();
      keeper.stop();
      responder.stop();
      cancels.stop();
      model.close();
      await mcp.close();
      await announced.leave();
      await app.close();
      await pool.close();
      await telemetry.shutdown();
      await bus.close();
      redis.disconnect();
    },
  };
}

/** What orchestrators ask of an executor beside calls. */
function rpcEndpoints({ blobs, ...check }: CheckUploadParts & { blobs: Blobs }): Endpoint[] {
  const extractor = createTextExtractor();
  return [
    { name: 'executor-admit', subject: subjects.rpc('executor', 'admit'), handle: ({ body }) => checkUpload(check, body) },
    { name: 'executor-extract', subject: subjects.rpc('executor', 'extract'), handle: ({ body }) => answerExtract({ blobs, extractor }, body) },
  ];
}

function listenForCancels(bus: Bus, runner: ToolRunner): { stop: () => void } {
  return bus.listen(subjects.allCancels(), (notice) => {
    const cancel = CallCancel.safeParse(notice.json());
    if (cancel.success) runner.cancel(cancel.data.tenant, cancel.data.workflowId, cancel.data.callIds);
  });
}

function addChecks(health: ExecutorRuntime['health'], { bus, redis, layers }: { bus: Bus; redis: Redis; layers: readonly SandboxLayer[] }): void {
  health.addCheck('bus', () => { if (!bus.isConnected()) throw new Error('NATS is not connected'); });
  health.addCheck('redis', async () => void (await redis.ping()));
  health.addCheck('sandbox', () => layers.map((layer) => `${layer.name}: ${layer.holds ? 'holds' : 'does not hold'}`).join(', '), { critical: false });
}

/** Opens the slots, and finds out which layers of containment hold on this machine. */
async function openSandbox(slots: number | undefined, logger: Logger): Promise<{ pool: SandboxPool; layers: SandboxLayer[] }> {
  const pool = new SandboxPool(slots ? { slots } : {});
  const layers = await pool.probeLayers();
  for (const layer of layers) logger.info({ layer: layer.name, holds: layer.holds, detail: layer.detail }, 'sandbox layer');
  return { pool, layers };
}

interface Connected extends Pick<ServiceMetrics, 'watchWorker'> {
  telemetry: Telemetry;
  redis: Redis;
  bus: Bus;
  metrics: Metrics;
}

/** Opens what an executor shares with the others: its traces, Redis and the bus. */
async function connect({ config, logger, workerId, version, setMetrics }: ExecutorRuntime, onError: (error: unknown) => void): Promise<Connected> {
  const metrics = createMetrics('executor');
  const { bus: observer, watchWorker } = createServiceMetrics(metrics);
  setMetrics(metrics);
  const telemetry = startTelemetry({ service: 'executor', version, workerId, otel: config.otel });
  const redis = connectRedis({ url: config.redisUrl, replicas: config.redisReplicas, name: workerId, onError: (error) => logger.debug({ err: error }, 'Redis') });
  const bus = await connectBus({ url: config.natsUrl, name: workerId, inboxPrefix: '_INBOX_executor', observer, onError });
  telemetry.setSpanPublisher(async (tenant, workflowId, spans) => void (await bus.publish(subjects.span(tenant, workflowId), { spans }, { workflowId })));
  return { telemetry, redis, bus, metrics, watchWorker };
}

/** What tools remember: answered here, and swept as it expires. */
function openMemory({ redis, model, mostBytes, onError }: { redis: Redis; model: ModelAsker; mostBytes: number; onError: (error: unknown) => void }): { answer: InjectedFunction; stop: () => void } {
  const store = createMemoryStore(redis);
  const sweeping = setInterval(() => void store.sweep().catch(onError), SWEEP_MEMORIES_EVERY_MS);
  return { answer: createMemory({ store, indexes: createMemoryIndexes(store, { mostBytes }), embed: createEmbedTexts(model.ask) }), stop: () => clearInterval(sweeping) };
}

/** What a tool may be granted of this process. */
function hostServices({ logger, model, files, rules }: { logger: Logger; model: ModelAsker; files: FileStore; rules: OperatorRules }): ToolRunnerParts['services'] {
  const corpus = folderDocuments(`${PLUGINS_FOLDER}/corpus`);
  return {
    http: createHttpExchange(rules),
    // The bundled search tools speak of the sample corpus; everything else of what the tenant uploaded.
    documents: ({ tool, tenant }) => (SAMPLE_TOOLS.includes(tool) ? corpus : documentsOr(uploadedDocuments(files, tenant), corpus)),
    log: (call, message, fields) => logger.info({ tool: call.tool, callId: call.callId, fields }, message),
    progress: (call, fraction, message) => logger.debug({ tool: call.tool, callId: call.callId, fraction }, message),
    model: model.ask,
  };
}
