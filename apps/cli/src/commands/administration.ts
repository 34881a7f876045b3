import type { DeadLetter, Queue } from '@trivet/client';
import type { AuditRow, Tool, Worker } from '@trivet/contracts';
import type { CliContext } from '../context.js';
import { EXIT } from '../exit-codes.js';
import type { Column } from '../output/table.js';
import { shorten } from '../output/text.js';
import type { Registry } from '../program.js';

/** tools ls, workers ls, queues ls, dead ls, audit tail. */
export function registerAdministration({ program, action }: Registry): void {
  const list = (noun: string, nounDescription: string, verbDescription: string, fetchItems: (context: CliContext) => Promise<void>, verb = 'ls'): void => {
    program.command(noun).description(nounDescription).command(verb).description(verbDescription)
      .action(action(async (context) => {
        await fetchItems(context);
        return EXIT.ok;
      }));
  };
  list('tools', 'tools and what they may do', 'list the tools', async ({ client, print }) => print.list((await client.tools()).items, TOOL_COLUMNS));
  list('workers', 'live processes of the three services', 'list the workers', async ({ client, print }) => print.list((await client.workers()).items, WORKER_COLUMNS, 'no worker is up'));
  list('queues', 'what waits on the bus', 'list the queues', async ({ client, print }) => showRecords(print, (await client.queues()).items));
  list('dead', 'what could not be handled', 'list the dead letters', async ({ client, print }) => showRecords(print, (await client.dead()).items));
  program.command('audit').description('who did what').command('tail').option('--limit <n>', 'the last so many rows', '50').description('the newest rows of the audit log')
    .action(action(async ({ client, print }, _positional, options) => {
      print.list((await client.audit({ limit: Number(options['limit']) })).items, AUDIT_COLUMNS);
      return EXIT.ok;
    }));
}

const TOOL_COLUMNS: readonly Column<Tool>[] = [
  { title: 'tool', value: (tool) => tool.name },
  { title: 'version', value: (tool) => tool.version },
  { title: 'time', value: (tool) => `${tool.limits.timeoutMs} ms`, align: 'right' },
  { title: 'memory', value: (tool) => `${tool.limits.memoryMib} MiB`, align: 'right' },
  { title: 'may reach', value: (tool) => Object.entries(tool.grants ?? {}).filter(([, granted]) => granted !== false).map(([name]) => name).join(', ') || 'nothing' },
  { title: 'description', value: (tool) => shorten(tool.description, 60) },
];

const WORKER_COLUMNS: readonly Column<Worker>[] = [
  { title: 'service', value: (worker) => worker.service },
  { title: 'id', value: (worker) => worker.id },
  { title: 'pid', value: (worker) => worker.pid, align: 'right' },
  { title: 'host', value: (worker) => worker.host },
  { title: 'busy', value: (worker) => `${worker.inFlight}/${worker.slots}`, align: 'right' },
  { title: 'since', value: (worker) => worker.startedAt },
  { title: 'state', value: (worker) => (worker.draining ? 'draining' : 'up') },
];

const AUDIT_COLUMNS: readonly Column<AuditRow>[] = [
  { title: 'seq', value: (row) => row.seq, align: 'right' },
  { title: 'at', value: (row) => row.at },
  { title: 'actor', value: (row) => row.actor },
  { title: 'action', value: (row) => row.action },
  { title: 'target', value: (row) => row.target },
  { title: 'workflow', value: (row) => row.workflowId },
  { title: 'detail', value: (row) => (row.detail === null ? null : shorten(row.detail, 60)) },
];

/** Columns as the records have them. */
function showRecords(print: CliContext['print'], items: readonly (Queue | DeadLetter)[]): void {
  const names = Object.keys(items[0] ?? {});
  print.list(items, names.map((name) => ({ title: name, value: (item: Queue | DeadLetter) => cell(item[name]), ...(typeof items[0]?.[name] === 'number' ? { align: 'right' as const } : {}) })));
}

function cell(value: unknown): string | number | null {
  if (typeof value === 'number') return value;
  if (value === null || value === undefined) return null;
  return shorten(typeof value === 'string' ? value : JSON.stringify(value), 60);
}
