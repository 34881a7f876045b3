import { Body, Controller, Delete, Get, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import { FailureError, SessionBody, parseOrFail, type Session } from '@trivet/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { checkOrigin } from '../access/browser-checks.js';
import { askerOf, type Guard } from '../access/guard.js';
import type { KnownKeys } from '../access/known-keys.js';
import { readCookie, writeCookie } from '../access/session-cookie.js';
import { SESSION_MS, type Sessions } from '../access/sessions.js';
import type { AuditTrail } from '../audit/audit-trail.js';
import { AUDIT, GUARD, KNOWN_KEYS, SESSIONS } from '../tokens.js';
import { VERSION } from '../version.js';

/** Who asks, and how a browser comes to be known. */
@Controller('api/v1/session')
export class SessionController {
  constructor(
    @Inject(GUARD) private readonly guard: Guard,
    @Inject(SESSIONS) private readonly sessions: Sessions,
    @Inject(KNOWN_KEYS) private readonly known: KnownKeys,
    @Inject(AUDIT) private readonly audit: AuditTrail,
  ) {}

  @Get()
  session(@Req() request: FastifyRequest): Session {
    const { tenant, role, key } = askerOf(request);
    return { tenant, role, keysConfigured: key !== undefined, ...(key ? { keyId: key.id, keyName: key.name } : {}), version: VERSION };
  }

  @Post()
  @HttpCode(200)
  async signIn(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply, @Body() body: unknown): Promise<Session> {
    checkOrigin(request.headers, { mustSay: false });
    const { key: secret } = parseOrFail(SessionBody, body, 'the body');
    if (!(await this.known.areConfigured())) throw new FailureError('state_conflict', 'No keys are configured, so there is nothing to sign in with: every request may do everything.', { hint: 'Make the first key: trivet keys create <name> --role admin.' });
    const key = await this.guard.signIn(request, secret);
    const id = await this.sessions.open(key);
    await this.audit.record({ tenant: key.tenant, actor: key.name, action: 'session.open', target: `key/${key.id}`, workflowId: null, detail: null, keyId: key.id });
    setCookie(request, reply, id, SESSION_MS / 1_000);
    return { tenant: key.tenant, role: key.role, keysConfigured: true, keyId: key.id, keyName: key.name, version: VERSION };
  }

  @Delete()
  @HttpCode(204)
  async signOut(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<void> {
    checkOrigin(request.headers, { mustSay: false });
    const id = readCookie(request.headers);
    if (id !== undefined) await this.sessions.close(id);
    setCookie(request, reply, '', 0);
  }
}

function setCookie(request: FastifyRequest, reply: FastifyReply, id: string, maxAgeS: number): void {
  const secure = request.protocol === 'https' || request.headers['x-forwarded-proto'] === 'https';
  reply.header('Set-Cookie', writeCookie(id, { host: request.headers.host, maxAgeS, secure })).header('Cache-Control', 'no-store');
}
