import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { JetStreamStrategy, connectBus, subjects, type Bus, type Endpoint } from '@trivet/bus';
import { CONSUMERS, CallCancel, type Worker } from '@trivet/contracts';
import { reach, toNestLogger, type ServiceRuntime, type StartedService } from '@trivet/service';
import { checkDurability, connectRedis, createAnswerCache, createBlobs, createClaims, createLedger, createRates, createLedgerClock, createPresence, createPromptUploads, keepClaims, keepPresence, takeLedgerOver, type Redis } from '@trivet/state';
import { createMetrics, createServiceMetrics, startTelemetry, type Logger, type Metrics } from '@trivet/telemetry';
import { createContentCapture } from './answering/capture-content.js';
import type { ModelContext } from './answering/context.js';
import type { ModelServiceConfig } from './service-config.js';
import { estimateDemands } from './estimating/estimate.js';
import { answerRender } from './prompts/render-request.js';
import { createPromptStore, loadPrompts, viewOf } from './prompts/prompt-store.js';
import { startExtractorThread, type Extractor } from './providers/local/extractor.js';
import { createRouter } from './routing/create-router.js';
import type { Router } from './routing/router.js';
import { CallHandler } from './running/call.handler.js';
import { createModelRunner, type ModelRunner } from './running/model-runner.js';
import { createModelMetrics } from './running/model-metrics.js';
import { MODEL_RUNNER } from './tokens.js';

const PROMPTS_FOLDER = fileURLToPath(new URL('../prompts', import.meta.url));
const ANNOUNCE_EVERY_MS = 5_000;
/** Calls answered at once; they wait for vendors rather than compute. */
const CONCURRENCY = 64;

export type ModelRuntime = ServiceRuntime<ModelServiceConfig, Logger>;

@Module({})
class ModelModule {}

/** Starts a model service: reads its prompts, opens its endpoints, and takes calls. */
export async function startModel(runtime: ModelRuntime, extractor: Extractor = startExtractorThread()): Promise<StartedService> {
  const { config, logger, workerId, version } = runtime;
  const onError = (error: unknown): void => logger.warn({ err: error }, 'a background task failed and is tried again');
  const telemetry = startTelemetry({ service: 'model', version, workerId, otel: config.otel });
  const redis = connectRedis({ url: config.redisUrl, replicas: config.redisReplicas, name: workerId, onError: (error) => logger.debug({ err: error }, 'Redis') });
  for (const weakness of await checkDurability(redis, config.durability)) logger.warn(`Durability is relaxed: ${weakness}`);
  const metrics = createMetrics('model');
  const serviceMetrics = createServiceMetrics(metrics);
  const bus = await connectBus({ url: config.natsUrl, name: workerId, inboxPrefix: '_INBOX_model', observer: serviceMetrics.bus, onError });
  telemetry.setSpanPublisher(async (tenant, workflowId, spans) => void (await bus.publish(subjects.span(tenant, workflowId), { spans }, { workflowId })));

  const presence = createPresence(redis);
  await takeLedgerOver(redis, presence, (workerIds) => logger.warn({ workerIds }, 'Model services of an earlier version still run, which keep the ledger in another form. This one begins when they have stopped'));
  const clock = await createLedgerClock(redis);
  for (const { name, provider, baseUrl } of config.routing.endpoints) logger.info({ endpoint: name, provider, baseUrl }, 'model endpoint');
  const router = createRouter({ config: config.routing, secrets: config.secrets, extractor, nowMs: clock.nowMs });
  const [bundled, uploads] = [await loadPrompts(PROMPTS_FOLDER), createPromptUploads(redis)];
  const announce = (): Promise<void> => uploads.announceBundled(bundled.map(viewOf));
  await announce();
  // A Redis that was emptied meanwhile shall know them again.
  const announcing = setInterval(() => void announce().catch(onError), ANNOUNCE_EVERY_MS);
  const context = contextOf({ bus, redis, router, logger, metrics, worker: workerId, prompts: createPromptStore(bundled, uploads), nowMs: clock.nowMs, ...captureOf(config) });
  const claims = createClaims(redis);
  const runner = createModelRunner({ bus, claims, context });
  const cancels = listenForCancels(bus, runner);

  let draining = false;
  const strategy = new JetStreamStrategy(bus, [{ consumer: CONSUMERS.modelCalls, concurrency: () => CONCURRENCY }], { drainTimeoutMs: config.drainTimeoutMs, logger });
  const startedAt = new Date(clock.nowMs()).toISOString();
  const describe = (): Worker => ({ service: 'model', id: workerId, pid: process.pid, host: hostname(), version, startedAt, inFlight: runner.inFlight(), slots: CONCURRENCY, draining });
  serviceMetrics.watchWorker(() => ({ slots: CONCURRENCY, used: runner.inFlight(), draining }));
  runtime.setMetrics(metrics);
  addChecks(runtime.health, { bus, redis, router });
  const responder = bus.respond({ name: 'model', id: workerId, version, description: 'Asks models', endpoints: endpointsOf(context), data: () => ({ inFlight: runner.inFlight(), slots: CONCURRENCY, draining }) });
  const keeper = keepClaims(claims, workerId, (callId) => runner.isRunning(callId), onError);
  const announced = await keepPresence(presence, describe, onError);
  const module: DynamicModule = { module: ModelModule, controllers: [CallHandler], providers: [{ provide: MODEL_RUNNER, useValue: runner }] };
  const app = await NestFactory.createMicroservice(module, { strategy, logger: toNestLogger(logger), abortOnError: false });
  await app.listen();

  return {
    stopIntake: async () => {
      draining = true;
      announced.update();
      await Promise.race([strategy.close(), pause(config.drainTimeoutMs / 2, undefined, { ref: false })]);
      await runner.handBack();
    },
    flush: () => telemetry.flush(),
    close: async () => {
      for (const each of [keeper, responder, cancels]) each.stop();
      clearInterval(announcing);
      await announced.leave();
      await app.close();
      await extractor.stop();
      await telemetry.shutdown();
      await bus.close();
      clock.stop();
      redis.disconnect();
    },
  };
}

/** Off unless the standard variable says so: prompts and answers are the tenants'. */
function captureOf({ otel, secrets }: ModelServiceConfig): Pick<ModelContext, 'capture'> {
  return otel['OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT'] === 'true' ? { capture: createContentCapture(Object.values(secrets)) } : {};
}

function endpointsOf(context: ModelContext): Endpoint[] {
  return [
    { name: 'model-estimate', subject: subjects.rpc('model', 'estimate'), handle: (request) => estimateDemands(request.body, context) },
    { name: 'model-render', subject: subjects.rpc('model', 'render'), handle: async (request) => answerRender(request.body) },
    { name: 'model-list', subject: subjects.rpc('model', 'list'), handle: async () => ({ models: await context.router.models() }) },
  ];
}

interface ContextParts extends Pick<ModelContext, 'router' | 'prompts' | 'worker' | 'nowMs' | 'capture'> {
  bus: Bus;
  redis: Redis;
  logger: Logger;
  metrics: Metrics;
}

function contextOf({ bus, redis, logger, metrics, ...rest }: ContextParts): ModelContext {
  return {
    ...rest,
    ...observersOf({ bus, logger, metrics, router: rest.router }),
    ledger: createLedger(redis),
    rates: createRates(redis),
    cache: createAnswerCache(redis),
    blobs: createBlobs(redis),
    random: Math.random,
    sleep: (durationMs, signal) => pause(durationMs, undefined, { signal }).catch(() => undefined),
    reach,
  };
}

/** Where what happens on the way is told: listeners for pieces, metrics, the log. */
function observersOf({ bus, logger, metrics, router }: { bus: Bus; logger: Logger; metrics: Metrics; router: Router }): Pick<ModelContext, 'onDelta' | 'onAttempt' | 'onDenied' | 'onThreshold' | 'onNotice'> {
  return {
    ...createModelMetrics(metrics, router),
    onDelta: (call, delta) => bus.notify(subjects.delta(call.tenant, call.workflowId, call.callId), delta, { workflowId: call.workflowId }),
    onThreshold: (call, { name, window, metric, limit, used, held }) => logger.warn({ workflowId: call.workflowId, account: name, window, metric, limit, used, held }, 'An account has passed 80 % of its limit'),
    onNotice: (call, message, cause) => logger.warn({ workflowId: call.workflowId, callId: call.callId, err: cause }, message),
  };
}

function addChecks(health: ModelRuntime['health'], { bus, redis, router }: { bus: Bus; redis: Redis; router: Router }): void {
  health.addCheck('bus', () => { if (!bus.isConnected()) throw new Error('NATS is not connected'); });
  health.addCheck('redis', async () => void (await redis.ping()));
  health.addCheck('models', async () => (await router.models()).join(', '), { critical: false });
}

function listenForCancels(bus: Bus, runner: ModelRunner): { stop: () => void } {
  return bus.listen(subjects.allCancels(), (notice) => {
    const cancel = CallCancel.safeParse(notice.json());
    if (cancel.success) runner.cancel(cancel.data.tenant, cancel.data.workflowId, cancel.data.callIds);
  });
}
