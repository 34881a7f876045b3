import { fastifyMultipart } from '@fastify/multipart';
import { NestFactory } from '@nestjs/core';
import type { DynamicModule, LoggerService, Type } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { context, propagation } from '@opentelemetry/api';
import { FailureError, MOST_TASK_BYTES, parseJsonText } from '@trivet/contracts';
import type { JetStreamStrategy } from '@trivet/bus';
import type { Logger } from '@trivet/telemetry';
import { ApprovalsController } from './api/approvals.controller.js';
import { AdminController } from './api/admin.controller.js';
import { BudgetsController } from './api/budgets.controller.js';
import { DeadController } from './api/dead.controller.js';
import { DocumentsController } from './api/documents.controller.js';
import { FactsController } from './api/facts.controller.js';
import { FilesController } from './api/files.controller.js';
import { KeysController } from './api/keys.controller.js';
import { OverviewController } from './api/overview.controller.js';
import { ProblemFilter, writeProblem, type RequestLike } from './api/problem-filter.js';
import { PromptsController } from './api/prompts.controller.js';
import { PoliciesController } from './api/policies.controller.js';
import { SchedulesController } from './api/schedules.controller.js';
import { SessionController } from './api/session.controller.js';
import { TenantsController } from './api/tenants.controller.js';
import { ToolsController } from './api/tools.controller.js';
import { TasksController } from './api/tasks.controller.js';
import { UsageController } from './api/usage.controller.js';
import { WorkflowsController } from './api/workflows.controller.js';
import type { Guard } from './access/guard.js';
import { mountGuard } from './access/mount-guard.js';
import { mountDashboard } from './dashboard-mount.js';
import { McpController } from './mcp/mcp.controller.js';
import { OpenAiController } from './openai/openai.controller.js';
import { ResultHandler } from './intake/result.handler.js';
import { TaskHandler } from './intake/task.handler.js';

@Module({})
class OrchestratorModule {}

const CONTROLLERS: Type[] = [DocumentsController, TasksController, WorkflowsController, BudgetsController, ApprovalsController, SchedulesController, PoliciesController, PromptsController, ToolsController, FilesController, FactsController, OverviewController, UsageController, DeadController, OpenAiController, McpController, AdminController, SessionController, KeysController, TenantsController, TaskHandler, ResultHandler];

/** Nest with its two edges: HTTP on Fastify, and the durable consumers of the bus. */
export async function createApplication(parts: { provided: ReadonlyMap<symbol, unknown>; guard: Guard; onPage: (path: string) => void; strategy: JetStreamStrategy; log: Logger; nestLogger: LoggerService; register: (app: NestFastifyApplication) => void }): Promise<NestFastifyApplication> {
  const module: DynamicModule = {
    module: OrchestratorModule,
    controllers: CONTROLLERS,
    providers: [...parts.provided].map(([provide, useValue]) => ({ provide, useValue })),
  };
  const adapter = new FastifyAdapter({ bodyLimit: MOST_TASK_BYTES, routerOptions: { maxParamLength: 500 }, forceCloseConnections: true, frameworkErrors: (error: Error, request: RequestLike, reply: { raw: Parameters<typeof writeProblem>[1] }) => writeProblem(request, reply.raw, error) });
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, { logger: parts.nestLogger, bodyParser: false, abortOnError: false });
  const fastify = adapter.getInstance();
  await app.register(fastifyMultipart);
  // Without this, text would pass as a body and be refused as a task that is none.
  fastify.removeContentTypeParser('text/plain');
  fastify.addContentTypeParser(['application/json', 'application/cloudevents+json'], { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, body.length === 0 ? undefined : parseJsonText(String(body), 'the body'));
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
    }
  });
  fastify.addContentTypeParser('text/markdown', { parseAs: 'string' }, (request, body, done) => {
    if (request.method === 'PUT' && request.url.startsWith('/api/v1/prompts/')) done(null, body);
    else done(new FailureError('unsupported_media_type', 'Only a prompt is taken as text/markdown; this route takes application/json.'));
  });
  fastify.addHook('onRequest', (request, _reply, done) => {
    context.with(propagation.extract(context.active(), request.headers), done);
  });
  mountGuard(app, parts.guard, parts.log);
  app.useGlobalFilters(new ProblemFilter(parts.log));
  app.connectMicroservice({ strategy: parts.strategy });
  parts.register(app);
  await mountDashboard(app, parts.onPage);
  return app;
}
