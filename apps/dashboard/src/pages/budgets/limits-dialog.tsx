import { useQueryClient } from '@tanstack/react-query';
import type { Account, Window } from '@trivet/contracts';
import { useState } from 'react';
import { send } from '../../api/http.js';
import { ConfirmDialog } from '../../parts/confirm-dialog.js';
import { SelectField, TextField } from '../../parts/fields.js';
import { toast } from '../../parts/toasts.js';

const NANO = 1_000_000_000;
const WINDOWS: Window[] = ['total', 'minute', 'hour', 'day', 'month'];
const SCOPES = ['tenant', 'user', 'session', 'workflow', 'global'].map((scope) => ({ value: scope, label: scope }));

/** Sets the limits of one window of an account; an empty field lifts that limit. They hold at once, also for what runs. */
export function LimitsDialog({ account, onClose }: { account: Account | undefined; onClose: () => void }) {
  const client = useQueryClient();
  const [firstScope = 'tenant', firstId = 'default'] = account?.account.split('/') ?? [];
  const [scope, setScope] = useState(firstScope);
  const [id, setId] = useState(firstId);
  const [window, setWindow] = useState<string>(account?.windows.find((one) => one.limitTokens !== null || one.limitNanoUsd !== null)?.window ?? 'total');
  const before = account?.windows.find((one) => one.window === window);
  const [tokens, setTokens] = useState<string>();
  const [dollars, setDollars] = useState<string>();
  const shownTokens = tokens ?? before?.limitTokens?.toString() ?? '';
  const shownDollars = dollars ?? (typeof before?.limitNanoUsd === 'number' ? String(before.limitNanoUsd / NANO) : '');
  const choose = (next: string) => {
    setWindow(next);
    setTokens(undefined);
    setDollars(undefined);
  };
  const save = async (reason: string) => {
    const limits = { window, limitTokens: shownTokens === '' ? null : Number(shownTokens), limitNanoUsd: shownDollars === '' ? null : Math.round(Number(shownDollars) * NANO) };
    await send(`/api/v1/budgets/${scope}/${encodeURIComponent(id)}`, { method: 'PUT', body: { windows: [limits] }, reason });
    toast(`The limits of ${scope}/${id} are set.`);
    await client.invalidateQueries();
  };
  return (
    <ConfirmDialog title={account ? `Limits of ${account.account}` : 'Set a limit'} verb="Set" onConfirm={save} onClose={onClose}>
      {!account && (
        <div className="grid gap-4 sm:grid-cols-2">
          <SelectField label="Whose" value={scope} onChange={setScope} options={SCOPES} />
          <TextField label="Id" value={id} onChange={setId} required />
        </div>
      )}
      <SelectField label="In a" value={window} onChange={choose} options={WINDOWS.map((value) => ({ value, label: value === 'total' ? 'in all' : value }))} />
      <TextField label="Most tokens" type="number" value={shownTokens} onChange={setTokens} placeholder="no limit" />
      <TextField label="Most cost (USD)" value={shownDollars} onChange={setDollars} placeholder="no limit" hint="Below what is already spent nothing more is let through." />
    </ConfirmDialog>
  );
}
