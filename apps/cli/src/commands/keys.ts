import { ROLES, type ApiKey, type ApiKeyWithSecret } from '@trivet/contracts';
import { Option } from 'commander';
import type { CliContext } from '../context.js';
import { EXIT, UsageError } from '../exit-codes.js';
import type { Column } from '../output/table.js';
import type { Registry } from '../program.js';

const REASON = ['--reason <text>', 'kept in the audit'] as const;

/** keys ls, create, rotate and revoke. */
export function registerKeys({ program, action }: Registry): void {
  const keys = program.command('keys').description('API keys: who may do what');
  keys.command('ls').description('the keys of the tenant; the operator sees all').action(action(async ({ client, print }) => {
    print.list((await client.keys()).items, COLUMNS, 'no key: everybody who reaches the server may do everything. Make the first: npx trivet keys create admin --role admin');
    return EXIT.ok;
  }));
  keys.command('create').argument('<name>', 'who or what uses it').addOption(new Option('--role <role>', 'what it may do').choices([...ROLES]).makeOptionMandatory())
    .option('--for-tenant <tenant>', 'whose it is; absent: the tenant that asks').option('--expires <time>', 'when it ends, such as 2030-01-01T00:00:00Z').option(...REASON)
    .description('make one; its secret is printed once').action(action(create));
  keys.command('rotate').argument('<id-or-name>').option(...REASON).description('give it a new secret; the old one ends within a second').action(action(async (context, [given = '']) => {
    showSecret(context, await context.client.rotateKey((await find(context, given)).id));
    return EXIT.ok;
  }));
  keys.command('revoke').argument('<id-or-name>').option(...REASON).description('end it within a second').action(action(async (context, [given = '']) => {
    const { id, name } = await find(context, given);
    await context.client.revokeKey(id);
    context.print.one({ id, name, revoked: true }, `the key ${name} (${id}) is revoked`);
    return EXIT.ok;
  }));
}

const COLUMNS: readonly Column<ApiKey>[] = [
  { title: 'id', value: (key) => key.id },
  { title: 'name', value: (key) => key.name },
  { title: 'tenant', value: (key) => key.tenant },
  { title: 'role', value: (key) => key.role },
  { title: 'created', value: (key) => key.createdAt },
  { title: 'expires', value: (key) => key.expiresAt ?? 'never' },
  { title: 'last used', value: (key) => key.lastUsedAt ?? 'never' },
];

async function create(context: CliContext, [name = '']: string[], options: Record<string, unknown>): Promise<number> {
  const text = (option: string): string | undefined => (typeof options[option] === 'string' ? options[option] : undefined);
  const role = ROLES.find((each) => each === options['role']) ?? 'read';
  const [tenant, expiresAt] = [text('forTenant'), text('expires')];
  showSecret(context, await context.client.createKey({ name, role, ...(tenant === undefined ? {} : { tenant }), ...(expiresAt === undefined ? {} : { expiresAt }) }));
  return EXIT.ok;
}

/** The secret is data and goes to stdout; that it is shown once is for whoever watches. */
function showSecret({ print, note }: CliContext, key: ApiKeyWithSecret): void {
  note(`The key ${key.name} (${key.id}, ${key.role} of ${key.tenant}); its secret is shown this once. Commands take it from TRIVET_API_KEY.`);
  print.one(key, key.secret);
}

async function find({ client }: CliContext, given: string): Promise<ApiKey> {
  const { items } = await client.keys();
  const found = items.filter(({ id, name }) => id === given || name === given);
  const [key] = found;
  if (key && found.length === 1) return key;
  throw new UsageError(key ? `${found.length} keys are called ${given}: ${found.map(({ id, tenant }) => `${id} of ${tenant}`).join(', ')}. Give the id.` : `there is no key ${given}; see: trivet keys ls`);
}
