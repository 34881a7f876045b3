import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { sendProblem } from '../api/problem-filter.js';
import type { Logger } from '@trivet/telemetry';
import { asAsker } from './asker.js';
import { findAsker, noteReasonOfBody, type Guard } from './guard.js';

/** Puts the guard before everything that answers requests, and says what they cause who asked for it. */
export function mountGuard(app: NestFastifyApplication, guard: Guard, log: Logger): void {
  const fastify = app.getHttpAdapter().getInstance();
  fastify.addHook('onRequest', async (request, reply) => {
    try {
      await guard.admit(request);
    } catch (error) {
      sendProblem(request, reply, error, log);
      return reply;
    }
  });
  // Only now is the body there, and the context of what reads it behind us.
  fastify.addHook('preHandler', (request, _reply, done) => {
    noteReasonOfBody(request);
    const asker = findAsker(request);
    if (asker) asAsker(asker, done);
    else done();
  });
}
