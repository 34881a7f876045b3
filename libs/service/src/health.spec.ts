import { combineServices, createAdminRoutes, createHealth, toNestLogger, type ServiceLogger } from './index.js';

describe('createHealth', () => {
  it('is ready only while it runs and every critical check is fine', async () => {
    const health = createHealth();
    let connected = true;
    health.addCheck('bus', () => { if (!connected) throw new Error('not connected to nats://127.0.0.1:4222'); });
    health.addCheck('layer', () => Promise.reject(new Error('missing')), { critical: false });
    expect((await health.readiness()).ready).toBe(false);
    health.setPhase('running');
    expect((await health.readiness()).ready).toBe(true);
    connected = false;
    expect(await health.readiness()).toMatchObject({ ready: false, checks: [{ ok: false, detail: 'not connected to nats://127.0.0.1:4222' }, { ok: false, critical: false }] });
    connected = true;
    health.setPhase('draining');
    expect((await health.readiness()).ready).toBe(false);
  });

  it('counts a check that hangs as failed', async () => {
    const health = createHealth();
    health.setPhase('running');
    health.addCheck('hangs', () => new Promise<never>(() => undefined));
    expect(await health.readiness()).toMatchObject({ ready: false, checks: [{ ok: false, detail: 'no answer within 1000 ms' }] });
  });
});

describe('createAdminRoutes', () => {
  const routes = createAdminRoutes({ service: 's', version: '1', workerId: 'w' }, createHealth());

  it('leaves other paths to whoever mounts it', async () => {
    expect(await routes.answer('GET', '/api/v1/tasks')).toBeUndefined();
    expect(await routes.answer('GET', '/constructor')).toBeUndefined();
  });

  it('is alive although it is not ready', async () => {
    expect((await routes.answer('GET', '/livez'))?.status).toBe(200);
    expect((await routes.answer('GET', '/readyz'))?.status).toBe(503);
  });

  it('refuses other methods and names those it takes', async () => {
    expect(await routes.answer('POST', '/metrics')).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
  });
});

describe('combineServices', () => {
  it('runs each phase on all before the next, and closes in reverse', async () => {
    const calls: string[] = [];
    const one = (name: string, httpPort?: number) => ({ httpPort, stopIntake: async () => void calls.push(`${name} stopIntake`), close: async () => void calls.push(`${name} close`) });
    const both = combineServices([one('a'), one('b', 8080)]);
    await both.stopIntake?.();
    await both.idle?.();
    await both.close?.();
    expect(calls).toEqual(['a stopIntake', 'b stopIntake', 'b close', 'a close']);
    expect(both.httpPort).toBe(8080);
  });
});

describe('toNestLogger', () => {
  it('passes lines on with their source, chatter as debug', () => {
    const lines: [string, object, string][] = [];
    const write = (level: string) => (fields: object, message: string) => void lines.push([level, fields, message]);
    const logger: ServiceLogger = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error'), fatal: write('fatal') };
    const nest = toNestLogger(logger);
    nest.log('starting', 'NestFactory');
    nest.error(new Error('broken'), 'stack', 'Router');
    expect(lines).toEqual([['debug', { source: 'NestFactory' }, 'starting'], ['error', { source: 'Router', err: expect.any(Error) }, 'broken']]);
  });
});
