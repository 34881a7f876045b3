import { useQueryClient } from '@tanstack/react-query';
import type { Workflow } from '@trivet/contracts';
import { useState } from 'react';
import { send } from '../../api/http.js';
import { parseJson } from '../../api/parse-json.js';
import { ConfirmDialog } from '../../parts/confirm-dialog.js';
import { TextArea, TextField } from '../../parts/fields.js';
import { toast } from '../../parts/toasts.js';

/** Sends a signal: a step that waits for it goes on, or it is kept for the first that will. */
export function SignalDialog({ workflow, onClose }: { workflow: Workflow; onClose: () => void }) {
  const client = useQueryClient();
  const [name, setName] = useState('');
  const [payload, setPayload] = useState('');
  const signal = async (reason: string) => {
    await send(`/api/v1/workflows/${workflow.workflowId}/signal`, { method: 'POST', body: { name, ...(payload ? { payload: parseJson(payload, 'The payload') } : {}) }, reason });
    toast(`Signal ${name} is sent.`);
    await client.invalidateQueries({ queryKey: ['workflow', workflow.workflowId] });
  };
  return (
    <ConfirmDialog title="Send a signal" verb="Send" onConfirm={signal} onClose={onClose}>
      <TextField label="Name" value={name} onChange={setName} required />
      <TextArea label="Payload (JSON, optional)" value={payload} onChange={setPayload} code rows={4} />
    </ConfirmDialog>
  );
}
