import type { CliContext } from '../context.js';
import { refuseUnusableServers } from '../doctor/check-configured-servers.js';
import { EXIT } from '../exit-codes.js';
import type { Layout } from '../launcher/layout.js';
import { startLocalStack } from '../launcher/local-stack.js';
import { cacheDir } from '../launcher/project-paths.js';
import type { Stack } from '../launcher/stack.js';
import type { Registry } from '../program.js';
import { stopOnSignals } from './interrupt.js';
import { readLayout, withShapeOptions } from './shape-options.js';

/** up: NATS, Redis and the three services, until Ctrl-C. */
export function registerUp({ program, action }: Registry): void {
  withShapeOptions(program.command('up')).option('--verbose', 'show every log line').description('start NATS, Redis and the three services; Ctrl-C ends them')
    .action(action((context, _positional, options) => up(context, readLayout(options), options['verbose'] === true)));
}

async function up(context: CliContext, layout: Layout, verbose: boolean): Promise<number> {
  const { config, note } = context;
  await refuseUnusableServers({ config, environment: context.environment, cacheDir, nodeVersion: process.versions.node, offline: false });
  const signals = stopOnSignals();
  try {
    const stack = await startLocalStack({
      config,
      environment: context.environment,
      dataDir: config.dataDir,
      httpPort: config.httpPort,
      layout,
      natsPort: config.natsPort,
      redisPort: config.redisPort,
      verbose,
      showErrors: true,
      say: note,
      signal: signals.signal,
      onRestart: noteRestarts(note),
    });
    takenPorts(context.environment, { nats: stack.servers.nats?.port, redis: stack.servers.redis?.port }).forEach(note);
    announce(context, stack);
    await signals.requested;
    note('Stopping …');
    await stack.stop();
    return EXIT.ok;
  } catch (error) {
    if (signals.signal.aborted) return EXIT.interrupted;
    throw error;
  } finally {
    signals.release();
  }
}

/** A line for each port that was asked for by name and could not be had; the default ones are no promise. */
export function takenPorts(environment: CliContext['environment'], used: { nats: number | undefined; redis: number | undefined }): string[] {
  const asked = [['NATS', 'TRIVET_NATS_PORT', used.nats], ['Redis', 'TRIVET_REDIS_PORT', used.redis]] as const;
  return asked.flatMap(([server, name, port]) => {
    const wanted = environment[name];
    // 0 asks for a free one, which it got.
    return !wanted || Number(wanted) === 0 || port === undefined || Number(wanted) === port ? [] : [`${name}=${wanted} is taken by another program; ${server} uses port ${port} instead.`];
  });
}

const TOLD_RESTARTS = 3;

/** A service that cannot run ends every second: the first endings are told one by one, then every twentieth. */
function noteRestarts(note: (line: string) => void): (service: string, ending: { code: number | null; signal: string | null }) => void {
  const endings = new Map<string, number>();
  return (service, { code, signal }) => {
    const times = (endings.get(service) ?? 0) + 1;
    endings.set(service, times);
    if (times <= TOLD_RESTARTS || times % 20 === 0) note(`${service} ended (${signal ?? `exit ${code}`}${times > 1 ? `; ending number ${times}` : ''}); starting it again`);
  };
}

function announce(context: CliContext, stack: Stack): void {
  const { print, config } = context;
  const nats = stack.servers.publicNatsUrl.replace(/\/\/[^@/]*@/, '//');
  if (stack.servers.relaxed || config.durability === 'relaxed') context.note('Durability is relaxed: a crash of Redis may lose what was accepted last.');
  print.one({ url: stack.httpUrl, nats }, [
    '',
    `Trivet is up: ${stack.httpUrl}${stack.processes.length === 3 ? '' : ` (${stack.processes.map(({ name }) => name).join(', ')})`}`,
    '',
    'Submit a task:',
    `  curl -s ${stack.httpUrl}/api/v1/tasks -H 'Content-Type: application/json' -d '{"goal":"Analyse Nimbus Robotics","template":"research"}'`,
    `  nats --server ${nats} req trivet.v1.rpc.task.submit '{"goal":"Analyse Nimbus Robotics","template":"research"}'`,
    `  npx trivet run "Analyse Nimbus Robotics" --template research${config.httpPort === 8080 ? '' : ` --url ${stack.httpUrl}`}`,
    '',
    'Ctrl-C stops it.',
  ].join('\n'));
}
