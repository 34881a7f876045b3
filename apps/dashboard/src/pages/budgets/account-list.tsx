import type { Account, AccountWindow } from '@trivet/contracts';
import { useState } from 'react';
import { useCursorList } from '../../api/cursor-list.js';
import { useRole } from '../../api/session.js';
import { compact, usd } from '../../formatting/numbers.js';
import { Button } from '../../parts/button.js';
import { Card } from '../../parts/card.js';
import { CodeBlock } from '../../parts/code-block.js';
import { EmptyState } from '../../parts/empty-state.js';
import { SelectField } from '../../parts/fields.js';
import { Loaded } from '../../parts/loading.js';
import { Meter } from '../../parts/meter.js';
import { MoreButton } from '../../parts/more-button.js';
import { Table, type Column } from '../../parts/table.js';
import { TimeAgo } from '../../parts/time-ago.js';
import { WorkflowLink } from '../../parts/workflow-link.js';
import { one } from '../../search.js';
import { useFilters } from '../../use-filters.js';
import { LimitsDialog } from './limits-dialog.js';

const SCOPES = ['global', 'tenant', 'user', 'session', 'workflow'].map((scope) => ({ value: scope, label: scope }));

/** The accounts with limits or use, scope by scope. */
export function AccountList() {
  const [filters, change] = useFilters();
  const scope = one(filters['scope']);
  const { query, items = [] } = useCursorList<Account>(['budgets'], '/api/v1/budgets', { scope });
  const { mayAdminister } = useRole();
  const [editing, setEditing] = useState<Account | 'new'>();
  return (
    <div className="grid gap-4">
      <div className="flex flex-wrap items-end justify-between gap-3">
        <SelectField label="Whose" value={scope} onChange={(value) => change({ scope: value })} options={[{ value: '', label: 'every account' }, ...SCOPES]} />
        {mayAdminister && (
          <Button tone="main" onClick={() => setEditing('new')}>
            Set a limit
          </Button>
        )}
      </div>
      <Loaded query={query}>
        {() =>
          items.length === 0 ? (
            <NoLimit scope={scope} onClear={() => change({ scope: undefined })} />
          ) : (
            <ul aria-label="Accounts" className="grid gap-4">
              {items.map((account) => (
                <li key={account.account}>
                  <AccountCard account={account} onEdit={mayAdminister ? () => setEditing(account) : undefined} />
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      <MoreButton query={query} />
      {editing && <LimitsDialog account={editing === 'new' ? undefined : editing} onClose={() => setEditing(undefined)} />}
    </div>
  );
}

const COLUMNS: Column<AccountWindow>[] = [
  { id: 'window', head: 'In a', cell: (window) => (window.window === 'total' ? 'in all' : window.window) },
  { id: 'tokens', head: 'Tokens', cell: (window) => <Meter label={`Tokens, ${window.window}`} used={window.usedTokens} held={window.heldTokens} limit={window.limitTokens} format={compact} /> },
  { id: 'cost', head: 'Cost', cell: (window) => <Meter label={`Cost, ${window.window}`} used={window.usedNanoUsd} held={window.heldNanoUsd} limit={window.limitNanoUsd} format={usd} /> },
  { id: 'resets', head: 'Begins anew', cell: (window) => (window.resetsAt ? <TimeAgo at={window.resetsAt} /> : 'never'), wideOnly: true },
];

function AccountCard({ account, onEdit }: { account: Account; onEdit: (() => void) | undefined }) {
  const [scope, id = ''] = account.account.split('/');
  const title = scope === 'workflow' ? <>workflow <WorkflowLink id={id} /></> : account.account;
  return (
    <Card title={title} actions={onEdit && <Button onClick={onEdit}>Change limits…</Button>}>
      <Table label={`Windows of ${account.account}`} columns={COLUMNS} rows={account.windows.filter(isOfInterest)} rowKey={(window) => window.window} />
    </Card>
  );
}

/** A window nobody limits is shown when it is the whole. */
const isOfInterest = (window: AccountWindow): boolean => window.window === 'total' || window.window === 'month' || window.limitTokens !== null || window.limitNanoUsd !== null;

function NoLimit({ scope, onClear }: { scope: string; onClear: () => void }) {
  if (scope) {
    return (
      <EmptyState title={`No account of scope ${scope} has a limit or was charged.`}>
        <button type="button" onClick={onClear} className="justify-self-start text-accent underline">
          Show every account
        </button>
      </EmptyState>
    );
  }
  return (
    <EmptyState title="No limits are set and nothing was spent: spending is unlimited.">
      <p className="text-muted">A limit of a tenant holds for all of its workflows together; at most a million tokens a day:</p>
      <CodeBlock label="A limit" text={`curl -s -X PUT '${location.origin}/api/v1/budgets/tenant/default' -H 'content-type: application/json' \\\n  -d '{"windows":[{"window":"day","limitTokens":1000000}]}'`} />
    </EmptyState>
  );
}
