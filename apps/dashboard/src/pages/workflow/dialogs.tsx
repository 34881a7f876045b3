import { useQuery } from '@tanstack/react-query';
import type { Account, Step, Workflow } from '@trivet/contracts';
import { getJson } from '../../api/http.js';
import { LimitsDialog } from '../budgets/limits-dialog.js';
import { ControlDialog } from './control-dialog.js';
import type { Verb } from './controls.js';
import { ForkDialog } from './fork-dialog.js';
import { SignalDialog } from './signal-dialog.js';

export type DialogName = Verb | 'fork' | 'signal' | 'budget';

/** The dialog that is open, if any. */
export function Dialogs({ workflow, steps, dialog, onClose }: { workflow: Workflow; steps: readonly Step[]; dialog: DialogName | undefined; onClose: () => void }) {
  switch (dialog) {
    case undefined:
      return null;
    case 'fork':
      return <ForkDialog workflow={workflow} steps={steps} step={undefined} onClose={onClose} />;
    case 'signal':
      return <SignalDialog workflow={workflow} onClose={onClose} />;
    case 'budget':
      return <BudgetDialog workflowId={workflow.workflowId} onClose={onClose} />;
    default:
      return <ControlDialog workflow={workflow} verb={dialog} onClose={onClose} />;
  }
}

function BudgetDialog({ workflowId, onClose }: { workflowId: string; onClose: () => void }) {
  const { data } = useQuery({ queryKey: ['workflow', workflowId, 'account'], queryFn: ({ signal }) => getJson<Account>(`/api/v1/budgets/workflow/${workflowId}`, {}, signal) });
  return data ? <LimitsDialog account={data} onClose={onClose} /> : null;
}
