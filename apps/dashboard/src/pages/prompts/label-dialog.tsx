import { useQueryClient } from '@tanstack/react-query';
import type { Prompt } from '@trivet/contracts';
import { useState } from 'react';
import { send } from '../../api/http.js';
import { ConfirmDialog } from '../../parts/confirm-dialog.js';
import { TextField } from '../../parts/fields.js';
import { toast } from '../../parts/toasts.js';

/** Points a label at this version: the workflows that start from now on use it. */
export function LabelDialog({ prompt, onClose }: { prompt: Prompt; onClose: () => void }) {
  const client = useQueryClient();
  const [label, setLabel] = useState('production');
  const move = async (reason: string) => {
    await send(`/api/v1/prompts/${prompt.name}/labels/${encodeURIComponent(label)}`, { method: 'PUT', body: { version: prompt.version }, reason });
    toast(`${prompt.name}@${label} is version ${prompt.version}.`);
    await client.invalidateQueries({ queryKey: ['prompts'] });
  };
  return (
    <ConfirmDialog title={`Move a label to version ${prompt.version}`} verb="Move" onConfirm={move} onClose={onClose}>
      <TextField label="Label" value={label} onChange={setLabel} required hint="production is what a prompt's bare name means; latest moves by itself." />
    </ConfirmDialog>
  );
}
