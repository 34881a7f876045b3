import { NANO_USD_PER_USD, Scope, Window, type Account, type AccountWindow, type VendorBook } from '@trivet/contracts';
import type { CliContext } from '../context.js';
import { EXIT, UsageError } from '../exit-codes.js';
import type { Column } from '../output/table.js';
import { formatCost, formatCount } from '../output/text.js';
import type { Registry } from '../program.js';
import { refuseBelowUnit } from './numbers.js';

/** budgets get, set and reconcile. */
export function registerBudgets({ program, action }: Registry): void {
  const budgets = program.command('budgets').description('what accounts have used and may use');
  budgets.command('get').argument('<account>', 'scope/id, such as workflow/w1 or tenant/default').description('limit, used and held of an account')
    .action(action((context, [account = '']) => get(context, account)));
  budgets.command('set').argument('<account>', 'scope/id').option('--reason <text>', 'kept in the audit').description('set the limits of an account in one window')
    .option('--window <window>', 'total, minute, hour, day or month', 'total')
    .option('--tokens <n>', 'most tokens; "none" lifts the limit').option('--usd <n>', 'most USD; "none" lifts the limit')
    .action(action((context, [account = ''], options) => set(context, account, options)));
  budgets.command('reconcile').argument('[day]', 'YYYY-MM-DD, UTC; today when left out').description('what went to vendors on a day, and what of it they did not report, against the ledger')
    .action(action((context, [day]) => reconcile(context, day)));
}

const COLUMNS: readonly Column<AccountWindow>[] = [
  { title: 'window', value: (window) => window.window },
  { title: 'used tokens', value: (window) => formatCount(window.usedTokens), align: 'right' },
  { title: 'held', value: (window) => formatCount(window.heldTokens), align: 'right' },
  { title: 'limit', value: (window) => (window.limitTokens === null ? 'none' : formatCount(window.limitTokens)), align: 'right' },
  { title: 'used', value: (window) => formatCost(window.usedNanoUsd), align: 'right' },
  { title: 'held', value: (window) => formatCost(window.heldNanoUsd), align: 'right' },
  { title: 'limit', value: (window) => (window.limitNanoUsd === null ? 'none' : formatCost(window.limitNanoUsd)), align: 'right' },
  { title: 'resets', value: (window) => window.resetsAt },
];

async function get(context: CliContext, account: string): Promise<number> {
  const { scope, id } = readAccount(account);
  show(context, await context.client.budget(scope, id));
  return EXIT.ok;
}

type VendorRow = VendorBook['vendors'][number];
const VENDOR_COLUMNS: readonly Column<VendorRow>[] = [
  { title: 'endpoint', value: (row) => row.endpoint },
  { title: 'model', value: (row) => row.model },
  ...(['reported', 'estimated', 'lapsed'] as const).flatMap((word): Column<VendorRow>[] => [
    { title: word, value: (row) => formatCount(row[word].attempts), align: 'right' },
    { title: 'tokens', value: (row) => formatCount(row[word].tokens), align: 'right' },
    { title: 'cost', value: (row) => formatCost(row[word].nanoUsd), align: 'right' },
  ]),
];

async function reconcile(context: CliContext, day: string | undefined): Promise<number> {
  const book = await context.client.reconciliation(day);
  if (context.print.format !== 'table') context.print.one(book, '');
  else {
    context.print.list(book.vendors, VENDOR_COLUMNS);
    context.print.text(summaryOf(book));
  }
  return book.difference && (book.difference.tokens !== 0 || book.difference.nanoUsd !== 0) ? EXIT.failed : EXIT.ok;
}

function summaryOf({ day, total, difference, unreported }: VendorBook): string {
  const against = difference === null ? 'the ledger keeps that day no longer' : difference.tokens === 0 && difference.nanoUsd === 0 ? 'the ledger says the same' : `the ledger says ${formatCount(difference.tokens)} tokens and ${formatCost(difference.nanoUsd)} more`;
  return `${day}: ${formatCount(total.tokens)} tokens, ${formatCost(total.nanoUsd)}; ${against}; ${unreported.length} charges without the vendor's word (-o json lists them)`;
}

async function set(context: CliContext, account: string, options: Record<string, unknown>): Promise<number> {
  const { scope, id } = readAccount(account);
  const window = Window.safeParse(options['window']);
  if (!window.success) throw new UsageError(`--window must be one of ${Window.options.join(', ')}, not '${String(options['window'])}'`);
  const tokens = readLimit(options['tokens'], '--tokens');
  const usd = readLimit(options['usd'], '--usd');
  if (tokens === undefined && usd === undefined) throw new UsageError('budgets set needs --tokens or --usd');
  if (typeof usd === 'number') refuseBelowUnit(usd, String(options['usd']), '--usd');
  const limitNanoUsd = typeof usd === 'number' ? Math.round(usd * NANO_USD_PER_USD) : usd;
  show(context, await context.client.setBudget(scope, id, { windows: [{ window: window.data, ...(tokens === undefined ? {} : { limitTokens: tokens }), ...(limitNanoUsd === undefined ? {} : { limitNanoUsd }) }] }));
  return EXIT.ok;
}

function show(context: CliContext, account: Account): void {
  if (context.print.format === 'table') context.print.list(account.windows, COLUMNS);
  else context.print.one(account, '');
}

function readAccount(text: string): { scope: Scope; id: string } {
  const [scopeText, ...rest] = text.split('/');
  const scope = Scope.safeParse(scopeText);
  const id = rest.join('/') || (scope.data === 'global' ? 'global' : '');
  if (!scope.success || id === '') throw new UsageError(`an account is <scope>/<id> with one of the scopes ${Scope.options.join(', ')}, not '${text}'`);
  return { scope: scope.data, id };
}

/** A number; null for "none"; undefined when it was not given. */
function readLimit(value: unknown, option: string): number | null | undefined {
  if (value === undefined) return undefined;
  if (value === 'none') return null;
  const limit = Number(value);
  if (!Number.isFinite(limit) || limit < 0) throw new UsageError(`${option} must be a number from 0, or none, not '${String(value)}'`);
  return limit;
}
