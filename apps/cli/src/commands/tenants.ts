import { EXIT, UsageError } from '../exit-codes.js';
import type { Registry } from '../program.js';

/** tenants ls and erase. */
export function registerTenants({ program, action }: Registry): void {
  const tenants = program.command('tenants').description('the tenants there are; for the operator');
  tenants.command('erase').argument('<tenant>').option('--yes', 'it cannot be undone').option('--reason <text>', 'kept in the audit').description('erase all of a tenant but its audit').action(action(async ({ client, print }, [tenant = ''], options) => {
    if (options['yes'] !== true) throw new UsageError(`all workflows, files, tools, prompts, memory, schedules, limits and keys of ${tenant} would be gone for good; say --yes`);
    await client.eraseTenant(tenant);
    print.one({ tenant, erased: true }, `the tenant ${tenant} is erased; its audit stays`);
    return EXIT.ok;
  }));
  tenants.command('ls').description('list them').action(action(async ({ client, print }) => {
    print.list((await client.tenants()).items, [
      { title: 'tenant', value: ({ tenant }) => tenant },
      { title: 'keys', value: (tenant) => tenant.keys, align: 'right' },
      { title: 'workflows', value: ({ workflows }) => workflows, align: 'right' },
      { title: 'policy', value: ({ hasPolicy }) => (hasPolicy ? 'yes' : 'no') },
    ]);
    return EXIT.ok;
  }));
}
