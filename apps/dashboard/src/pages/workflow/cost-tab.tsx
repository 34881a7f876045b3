import type { CallRecord, Step, Workflow } from '@trivet/contracts';
import { compact, usd, whole } from '../../formatting/numbers.js';
import { EmptyState } from '../../parts/empty-state.js';
import { Meter } from '../../parts/meter.js';
import { Table, type Column } from '../../parts/table.js';

interface Charge {
  key: string;
  step: Step;
  call: CallRecord;
}

const usageOf = ({ call }: Charge) => call.usage;

const COLUMNS: Column<Charge>[] = [
  { id: 'step', head: 'Step', cell: ({ step }) => step.title ?? step.id },
  { id: 'model', head: 'Model', cell: (charge) => <span className="font-mono text-xs">{usageOf(charge)?.model ?? '–'}</span> },
  { id: 'outcome', head: 'Outcome', cell: ({ call }) => call.outcome ?? 'running', wideOnly: true },
  { id: 'in', head: 'In', cell: (charge) => whole(usageOf(charge)?.inputTokens ?? 0), right: true },
  { id: 'cached', head: 'cached', cell: (charge) => whole(usageOf(charge)?.cachedInputTokens ?? 0), right: true, wideOnly: true },
  { id: 'out', head: 'Out', cell: (charge) => whole(usageOf(charge)?.outputTokens ?? 0), right: true },
  { id: 'thinking', head: 'thinking', cell: (charge) => whole(usageOf(charge)?.reasoningTokens ?? 0), right: true, wideOnly: true },
  { id: 'cost', head: 'Cost', cell: (charge) => usd(usageOf(charge)?.costNanoUsd ?? 0), right: true },
];

/** What each model call cost, lost and stale ones too: the sum is what the account was charged. */
export function CostTab({ workflow, steps }: { workflow: Workflow; steps: readonly Step[] }) {
  const charges = steps.filter(({ reusedFrom }) => !reusedFrom).flatMap((step) => step.calls.filter((call) => call.usage).map((call, index): Charge => ({ key: `${step.id}/${call.callId}/${index}`, step, call })));
  const { budget } = workflow;
  return (
    <div className="grid gap-4">
      <div className="flex flex-wrap gap-8">
        <Meter label="Tokens" used={budget.usedTokens} held={budget.heldTokens} limit={budget.limitTokens} format={compact} />
        <Meter label="Cost" used={budget.usedNanoUsd} held={budget.heldNanoUsd} limit={budget.limitNanoUsd} format={usd} />
      </div>
      {charges.length === 0 ? <EmptyState title="No model was asked." /> : <Table label="Charges" columns={COLUMNS} rows={charges} rowKey={({ key }) => key} />}
    </div>
  );
}
