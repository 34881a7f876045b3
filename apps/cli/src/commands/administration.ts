import type { AuditRow, DeadLetter, Queue, Worker } from '@trivet/contracts';
import type { CliContext } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { describeShape } from '../output/shape.js';
import type { Column } from '../output/table.js';
import { shorten } from '../output/text.js';
import type { Registry } from '../program.js';
import { readWhole } from './numbers.js';

/** workers ls, queues ls, dead, audit tail. */
export function registerAdministration({ program, action }: Registry): void {
  const list = (noun: string, nounDescription: string, verbDescription: string, fetchItems: (context: CliContext) => Promise<void>, verb = 'ls'): void => {
    program.command(noun).description(nounDescription).command(verb).description(verbDescription)
      .action(action(async (context) => {
        await fetchItems(context);
        return EXIT.ok;
      }));
  };
  list('workers', 'live processes of the three services', 'list the workers', async ({ client, print }) => {
    const { items } = await client.workers();
    print.list(items, WORKER_COLUMNS, 'no worker is up');
    if (items.length > 0) print.text(`\nShape ${describeShape(items)}`);
  });
  list('queues', 'what waits on the bus', 'list the queues', async ({ client, print }) => print.list((await client.queues()).items, QUEUE_COLUMNS));
  registerDead({ program, action });
  program.command('audit').description('who did what').command('tail').option('--limit <n>', 'the last so many rows', '50').description('the newest rows of the audit log')
    .action(action(async ({ client, print }, _positional, options) => {
      // The server gives the newest first; a log is read downwards.
      print.list((await client.audit({ limit: readWhole(options['limit'], '--limit', { min: 1, max: 200 }) })).items.toReversed(), AUDIT_COLUMNS);
      return EXIT.ok;
    }));
}

/** dead ls, requeue and rm. */
function registerDead({ program, action }: Pick<Registry, 'program' | 'action'>): void {
  const dead = program.command('dead').description('what could not be handled');
  dead.command('ls').option('--limit <n>', 'so many', '50').description('list the dead letters, oldest first')
    .action(action(async ({ client, print }, _positional, options) => {
      print.list((await client.dead({ limit: readWhole(options['limit'], '--limit', { min: 1, max: 200 }) ?? 50 })).items, DEAD_COLUMNS, 'no dead letters');
      return EXIT.ok;
    }));
  dead.command('requeue').argument('<seq>').option('--reason <text>', 'kept in the audit').description('send one back to its stream as it was, once')
    .action(action(async ({ client, print }, [seq = ''], options) => {
      const letter = await client.requeueDead(seqOf(seq), reasonOf(options['reason']));
      print.one(letter, `dead letter ${letter.seq} was sent back to ${letter.stream}`);
      return EXIT.ok;
    }));
  dead.command('rm').argument('<seq>').option('--reason <text>', 'kept in the audit').description('throw one away')
    .action(action(async ({ client, print }, [seq = ''], options) => {
      await client.removeDead(seqOf(seq), reasonOf(options['reason']));
      print.one({ seq: Number(seq), removed: true }, `dead letter ${seq} is gone`);
      return EXIT.ok;
    }));
}

const seqOf = (text: string): number => readWhole(text, '<seq>', { min: 1 }) ?? 0;
const reasonOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

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
  { title: 'reason', value: (row) => (row.reason === undefined ? null : shorten(row.reason, 40)) },
  { title: 'detail', value: (row) => (row.detail === null ? null : shorten(row.detail, 60)) },
];

const QUEUE_COLUMNS: readonly Column<Queue>[] = [
  { title: 'stream', value: (queue) => queue.stream },
  { title: 'consumer', value: (queue) => queue.consumer },
  { title: 'ready', value: (queue) => queue.ready, align: 'right' },
  { title: 'pending', value: (queue) => queue.pending, align: 'right' },
  { title: 'in work', value: (queue) => queue.ackPending, align: 'right' },
  { title: 'redelivered', value: (queue) => queue.redelivered, align: 'right' },
];

const DEAD_COLUMNS: readonly Column<DeadLetter>[] = [
  { title: 'seq', value: (letter) => letter.seq, align: 'right' },
  { title: 'at', value: (letter) => letter.at },
  { title: 'stream', value: (letter) => letter.stream },
  { title: 'attempts', value: (letter) => letter.attempts, align: 'right' },
  { title: 'requeued', value: (letter) => letter.requeuedAt ?? null },
  { title: 'reason', value: (letter) => shorten(letter.reason, 80) },
];
