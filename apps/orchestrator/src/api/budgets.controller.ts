import { Body, Controller, Get, Inject, Param, Put, Query, Req } from '@nestjs/common';
import { AccountLimits, DEFAULT_TENANT, FailureError, Identifier, Scope, parseOrFail, type Account, type Page, type VendorBook } from '@trivet/contracts';
import type { AccountIndex, AccountRef, Ledger } from '@trivet/state';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { listAccounts, noteAccount } from '../budget/account-list.js';
import type { AuditTrail } from '../audit/audit-trail.js';
import type { Facts } from '../recovery/facts.js';
import { ACCOUNTS, AUDIT, FACTS, LEDGER, QUERIES } from '../tokens.js';
import type { Queries } from './queries.js';
import { reconcile } from './reconcile.js';
import { actorOf, tenantOf } from './request-context.js';

const AccountsQuery = z.object({ scope: Scope.optional(), limit: z.coerce.number().int().min(1).max(200).default(50), cursor: z.string().max(1_000).optional() });

@Controller('api/v1/budgets')
export class BudgetsController {
  constructor(
    @Inject(LEDGER) private readonly ledger: Ledger,
    @Inject(AUDIT) private readonly audit: AuditTrail,
    @Inject(FACTS) private readonly facts: Facts,
    @Inject(ACCOUNTS) private readonly accounts: AccountIndex,
    @Inject(QUERIES) private readonly queries: Queries,
  ) {}

  @Get('reconciliation')
  reconciliation(@Req() request: FastifyRequest, @Query('day') day: string | undefined): Promise<VendorBook> {
    if (tenantOf(request) !== DEFAULT_TENANT) throw new FailureError('not_found', 'There is no reconciliation for this tenant.');
    return reconcile(this.ledger, day, new Date().toISOString().slice(0, 10));
  }

  @Get()
  list(@Req() request: FastifyRequest, @Query() query: unknown): Promise<Page<Account>> {
    const parts = { ledger: this.ledger, accounts: this.accounts, workflowIds: this.queries.workflowIds };
    return listAccounts(parts, tenantOf(request), parseOrFail(AccountsQuery, query ?? {}, 'the query'));
  }

  @Get(':scope/:id')
  get(@Req() request: FastifyRequest, @Param('scope') scope: string, @Param('id') id: string): Promise<Account> {
    return this.ledger.readAccount(accountOf(tenantOf(request), scope, id));
  }

  @Put(':scope/:id')
  async put(@Req() request: FastifyRequest, @Param('scope') scope: string, @Param('id') id: string, @Body() body: unknown): Promise<Account> {
    const tenant = tenantOf(request);
    const account = accountOf(tenant, scope, id);
    const { windows } = parseOrFail(AccountLimits, body, 'the limits');
    await this.ledger.setLimits(account, windows);
    await noteAccount(this.accounts, account);
    await this.facts.record(tenant, { kind: 'limits', account, windows });
    await this.audit.record({ tenant, actor: actorOf(request), action: 'budget.set', target: `budget/${scope}/${id}`, workflowId: account.scope === 'workflow' ? account.id : null, detail: JSON.stringify(windows) });
    return this.ledger.readAccount(account);
  }
}

/** An account as a tenant may see it: its own; the operator's tenant also the global one. */
export function accountOf(tenant: string, scopeText: string, idText: string): AccountRef {
  const scope = Scope.safeParse(scopeText);
  if (!scope.success) throw new FailureError('not_found', `There is no scope ${JSON.stringify(scopeText.slice(0, 40))}; there are ${Scope.options.join(', ')}.`);
  const id = parseOrFail(Identifier, idText, 'the id');
  // Without keys configured the default tenant is the operator's.
  if (scope.data === 'global' && tenant !== DEFAULT_TENANT) throw new FailureError('not_found', 'There is no account global for this tenant.');
  if (scope.data === 'tenant' && id !== tenant) throw new FailureError('not_found', `There is no account tenant/${id}.`);
  return { scope: scope.data, tenant, id };
}
