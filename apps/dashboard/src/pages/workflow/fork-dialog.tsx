import { useNavigate } from '@tanstack/react-router';
import type { Step, TaskAccepted, Workflow } from '@trivet/contracts';
import { useState } from 'react';
import { send } from '../../api/http.js';
import { parseJson } from '../../api/parse-json.js';
import { ConfirmDialog } from '../../parts/confirm-dialog.js';
import { SelectField, TextArea, TextField } from '../../parts/fields.js';
import { toast } from '../../parts/toasts.js';

interface ForkProps {
  workflow: Workflow;
  steps: readonly Step[];
  /** Where it forks; chosen in the dialog when absent. */
  step: Step | undefined;
  onClose: () => void;
}

const asText = (value: unknown): string => (value === null || value === undefined ? '' : JSON.stringify(value, null, 2));

/** A new workflow from one of the steps, with another input, prompt or model; results before it are taken over and not computed again. */
export function ForkDialog({ workflow, steps, step, onClose }: ForkProps) {
  const navigate = useNavigate();
  const planned = steps.filter(({ parent }) => parent === undefined);
  const [from, setFrom] = useState(step?.id ?? planned[0]?.id ?? '');
  const origin = planned.find(({ id }) => id === from);
  const [edited, setEdited] = useState<string>();
  const [model, setModel] = useState('');
  const [prompt, setPrompt] = useState('');
  const input = edited ?? asText(origin?.input);
  const fork = async (reason: string) => {
    const changed = edited !== undefined && edited !== asText(origin?.input);
    const body = { fromStep: from, ...(changed ? { stepInput: parseJson(edited, 'The input') } : {}), ...(model ? { model } : {}), ...(prompt ? { prompt } : {}) };
    const forked = await send<TaskAccepted>(`/api/v1/workflows/${workflow.workflowId}/fork`, { method: 'POST', body, reason });
    toast('Forked: the results before this step are taken over.');
    await navigate({ to: '/workflows/$workflowId', params: { workflowId: forked.workflowId }, search: {} });
  };
  const choose = (id: string) => {
    setFrom(id);
    setEdited(undefined);
  };
  return (
    <ConfirmDialog title={`Fork${step ? ` from ${step.id}` : ''}`} verb="Fork" onConfirm={fork} onClose={onClose}>
      {!step && <SelectField label="From step" value={from} onChange={choose} options={planned.map(({ id, title }) => ({ value: id, label: title ? `${id}: ${title}` : id }))} />}
      <TextArea label="Input of the step (JSON)" value={input} onChange={setEdited} code rows={10} hint="As it ran. Left as it is, the plan's own expressions hold." />
      {origin?.kind === 'model' && (
        <div className="grid gap-4 sm:grid-cols-2">
          <TextField label="Prompt (optional)" value={prompt} onChange={setPrompt} placeholder="report@2" />
          <TextField label="Model (optional)" value={model} onChange={setModel} />
        </div>
      )}
    </ConfirmDialog>
  );
}
