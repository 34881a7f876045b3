import { readFileSync } from 'node:fs';
import { parseJsonText, type Schedule } from '@trivet/contracts';
import type { NewSchedule } from '@trivet/client';
import { Option } from 'commander';
import type { CliContext } from '../context.js';
import { EXIT, UsageError } from '../exit-codes.js';
import { formatFields, type Column } from '../output/table.js';
import { shorten } from '../output/text.js';
import type { Registry } from '../program.js';

/** schedules ls, get, create, pause, resume, trigger, rm. */
export function registerSchedules({ program, action }: Registry): void {
  const schedules = program.command('schedules').description('start tasks at times');
  schedules.command('ls').description('all schedules').action(action(async (context) => {
    context.print.list((await context.client.schedules({ limit: 200 })).items, COLUMNS, 'no schedule; make one: npx trivet schedules create --cron "0 6 * * *" --goal "Analyse Nimbus Robotics"');
    return EXIT.ok;
  }));
  schedules.command('get').argument('<id>').description('one schedule and its latest runs').action(action((context, [id = '']) => get(context, id)));
  schedules.command('create').description('make one').option('--reason <text>', 'kept in the audit')
    .option('--id <id>').option('--cron <pattern>', 'five fields, or six with seconds first').option('--at <time>', 'once, such as 2030-01-01T09:00:00Z').option('--zone <zone>', 'IANA time zone', 'UTC')
    .option('--goal <goal>').option('--template <name>').option('--task <json>', 'the whole task, or @file').option('--tokens <n>', 'most tokens of each run')
    .addOption(new Option('--overlap <policy>', 'when the run before goes on').choices(['skip', 'queue', 'cancel', 'allow']).default('skip'))
    .addOption(new Option('--catch-up <policy>', 'times that were missed').choices(['none', 'last', 'all']).default('last'))
    .action(action(create));
  for (const verb of ['pause', 'resume', 'trigger', 'rm'] as const) {
    schedules.command(verb).argument('<id>').option('--reason <text>', 'kept in the audit').description(DESCRIPTIONS[verb]).action(action((context, [id = '']) => act(context, verb, id)));
  }
}

const DESCRIPTIONS = { pause: 'start nothing until it is resumed', resume: 'go on with its next time', trigger: 'start a run now', rm: 'remove it; runs that were started go on' } as const;

const COLUMNS: readonly Column<Schedule>[] = [
  { title: 'schedule', value: (schedule) => schedule.id },
  { title: 'times', value: (schedule) => schedule.cron ?? schedule.at },
  { title: 'zone', value: (schedule) => schedule.timeZone },
  { title: 'next', value: (schedule) => (schedule.paused ? 'paused' : schedule.nextAt) },
  { title: 'last', value: (schedule) => schedule.lastAt },
  { title: 'goal', value: (schedule) => shorten(schedule.task.goal, 50) },
];

async function get(context: CliContext, id: string): Promise<number> {
  const schedule = await context.client.schedule(id);
  const runs = schedule.runs.map((run) => `  ${run.at}  ${run.outcome}  ${run.workflowId ?? run.detail ?? ''}`);
  const fields = formatFields([
    ['schedule', schedule.id], ['times', `${schedule.cron ?? schedule.at} (${schedule.timeZone})`], ['next', schedule.paused ? 'paused' : schedule.nextAt],
    ['overlap', schedule.overlap], ['catch up', schedule.catchUp.policy], ['goal', shorten(schedule.task.goal, 100)],
  ]);
  context.print.one(schedule, runs.length === 0 ? fields : `${fields}\n\n${runs.join('\n')}`);
  return EXIT.ok;
}

async function create(context: CliContext, _positional: string[], options: Record<string, unknown>): Promise<number> {
  const text = (name: string): string | undefined => (typeof options[name] === 'string' ? options[name] : undefined);
  const [id, cron, at, goal, template, task, tokens] = ['id', 'cron', 'at', 'goal', 'template', 'task', 'tokens'].map(text);
  if (task === undefined && goal === undefined) throw new UsageError('what shall it do? give --goal, or --task with a whole task');
  const body: NewSchedule = JSON.parse(JSON.stringify({
    id, cron, at, timeZone: text('zone'), overlap: text('overlap'), catchUp: { policy: text('catchUp') },
    task: task === undefined ? { goal, template, ...(tokens === undefined ? {} : { budget: { tokens: Number(tokens) } }) } : readTask(task),
  }));
  const schedule = await context.client.createSchedule(body);
  context.print.one(schedule, `schedule ${schedule.id}: next at ${schedule.nextAt}`);
  return EXIT.ok;
}

function readTask(given: string): unknown {
  try {
    return parseJsonText(given.startsWith('@') ? readFileSync(given.slice(1), 'utf8') : given, '--task');
  } catch (error) {
    throw new UsageError(`--task must be JSON, or @ and the name of a file with JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function act(context: CliContext, verb: 'pause' | 'resume' | 'trigger' | 'rm', id: string): Promise<number> {
  if (verb === 'rm') {
    await context.client.deleteSchedule(id);
    context.print.one({ id, deleted: true }, `schedule ${id} removed`);
  } else if (verb === 'trigger') {
    const accepted = await context.client.triggerSchedule(id);
    context.print.one(accepted, `workflow ${accepted.workflowId} accepted`);
  } else {
    const schedule = await (verb === 'pause' ? context.client.pauseSchedule(id) : context.client.resumeSchedule(id));
    context.print.one(schedule, `schedule ${id}: ${schedule.paused ? 'paused' : `next at ${schedule.nextAt}`}`);
  }
  return EXIT.ok;
}
