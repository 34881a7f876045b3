import { useQueryClient } from '@tanstack/react-query';
import type { Problem, Tool } from '@trivet/contracts';
import { useState } from 'react';
import { send } from '../../api/http.js';
import { ApiError, sentenceOf } from '../../api/problem.js';
import { bytes, count } from '../../formatting/numbers.js';
import { Button } from '../../parts/button.js';
import { CodeBlock } from '../../parts/code-block.js';
import { Dialog } from '../../parts/dialog.js';
import { TextField } from '../../parts/fields.js';
import { Notice } from '../../parts/notice.js';
import { toast } from '../../parts/toasts.js';
import { FileDrop } from './file-drop.js';
import { partsOf, type ToolFiles } from './tool-files.js';

interface Refusal {
  sentence: string;
  findings: NonNullable<Problem['errors']>;
}

/** Takes tool.json and the module (and cases, and a signature), and shows every finding of admission when it is refused. */
export function UploadDialog({ onClose, onUploaded }: { onClose: () => void; onUploaded: (name: string) => void }) {
  const client = useQueryClient();
  const [files, setFiles] = useState<ToolFiles>({});
  const [reason, setReason] = useState('');
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<Refusal>();
  const take = async (list: readonly File[]) => {
    setRefused(undefined);
    setFiles({ ...files, ...(await partsOf(list)) });
  };
  const upload = async () => {
    setBusy(true);
    try {
      const tool = await send<Tool>(`/api/v1/tools/${encodeURIComponent(files.name ?? '')}`, { method: 'PUT', body: formOf(files), reason });
      toast(`${tool.name} ${tool.version} can be used at once.`);
      await client.invalidateQueries({ queryKey: ['tools'] });
      onUploaded(tool.name);
      onClose();
    } catch (error) {
      setRefused({ sentence: sentenceOf(error), findings: (error instanceof ApiError && error.problem?.errors) || [] });
      setBusy(false);
    }
  };
  const parts = Object.entries(files).flatMap(([part, file]) => (file instanceof File ? [{ part, file }] : []));
  return (
    <Dialog title="Upload a tool" onClose={onClose} wide>
      <div className="grid gap-4">
        <FileDrop onFiles={(list) => void take(list)} />
        {parts.length > 0 && (
          <ul aria-label="Chosen files" className="grid gap-1">
            {parts.map(({ part, file }) => (
              <li key={part}>
                <b>{part}</b>: {file.name}, {bytes(file.size)}
              </li>
            ))}
          </ul>
        )}
        {parts.length === 0 && <CodeBlock label="Make one" text={'npx trivet tools new my_tool && npx trivet tools build my_tool && npx trivet tools test my_tool'} />}
        <TextField label="Reason (kept in the audit)" value={reason} onChange={setReason} />
        {refused && <Findings {...refused} />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Leave it</Button>
          <Button tone="main" busy={busy} disabled={!files.manifest} onClick={() => void upload()}>
            Upload
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

function Findings({ sentence, findings }: Refusal) {
  return (
    <Notice tone="bad">
      <p>{sentence}</p>
      {findings.length > 0 && <p className="mt-2 font-medium">{count(findings.length, 'finding')}:</p>}
      <ul aria-label="Findings" className="mt-1 grid gap-1">
        {findings.map((finding) => (
          <li key={`${finding.pointer}${finding.detail}`}>
            <code className="text-xs">{finding.pointer}</code> {finding.detail}
          </li>
        ))}
      </ul>
    </Notice>
  );
}

function formOf(files: ToolFiles): FormData {
  const form = new FormData();
  for (const [part, file] of Object.entries(files)) if (file instanceof File) form.append(part, file);
  return form;
}
