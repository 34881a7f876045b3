import { useQueryClient } from '@tanstack/react-query';
import type { Workflow } from '@trivet/contracts';
import { send } from '../../api/http.js';
import { ConfirmDialog } from '../../parts/confirm-dialog.js';
import { toast } from '../../parts/toasts.js';
import { VERBS, type Verb } from './controls.js';

export function ControlDialog({ workflow, verb, onClose }: { workflow: Pick<Workflow, 'workflowId' | 'goal'>; verb: Verb; onClose: () => void }) {
  const client = useQueryClient();
  const { title, about, danger } = VERBS[verb];
  const control = async (reason: string) => {
    await send(`/api/v1/workflows/${workflow.workflowId}/${verb}`, { method: 'POST', body: reason ? { reason } : {} });
    toast(`${title}: ${workflow.goal.slice(0, 60)}`);
    await Promise.all([client.invalidateQueries({ queryKey: ['workflows'] }), client.invalidateQueries({ queryKey: ['workflow', workflow.workflowId] })]);
  };
  return (
    <ConfirmDialog title={`${title} this workflow?`} verb={title} danger={danger} onConfirm={control} onClose={onClose}>
      <p>{workflow.goal}</p>
      <p className="text-muted">{about}</p>
    </ConfirmDialog>
  );
}
