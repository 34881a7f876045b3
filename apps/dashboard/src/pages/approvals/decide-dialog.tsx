import { useQueryClient } from '@tanstack/react-query';
import type { Approval } from '@trivet/contracts';
import { useState } from 'react';
import { send } from '../../api/http.js';
import { parseJson } from '../../api/parse-json.js';
import { sentenceOf } from '../../api/problem.js';
import { Button } from '../../parts/button.js';
import { Dialog } from '../../parts/dialog.js';
import { TextArea, TextField } from '../../parts/fields.js';
import { Notice } from '../../parts/notice.js';
import { toast } from '../../parts/toasts.js';

interface DecideProps {
  approval: Approval;
  decision: 'approve' | 'deny';
  onClose: () => void;
}

/** Approves or denies, with a comment; what is approved can be edited first, and is then what runs. */
export function DecideDialog({ approval, decision, onClose }: DecideProps) {
  const client = useQueryClient();
  const before = approval.details === null ? '' : JSON.stringify(approval.details, null, 2);
  const [edited, setEdited] = useState(before);
  const [comment, setComment] = useState('');
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const editable = decision === 'approve' && (before !== '' || approval.purpose === 'budget');
  const decide = async () => {
    setBusy(true);
    try {
      const body = { decision, ...(comment ? { comment } : {}), ...(editable && edited !== before ? { edited: parseJson(edited, 'What is approved') } : {}) };
      await send(`/api/v1/approvals/${encodeURIComponent(approval.id)}/decide`, { method: 'POST', body });
      toast(`${decision === 'approve' ? 'Approved' : 'Denied'}: ${approval.question}`);
      onClose();
      // Not the approval itself: once it is decided there is nothing to read.
      await Promise.all(['approvals', 'overview', 'workflow', 'workflows', 'budgets'].map((key) => client.invalidateQueries({ queryKey: [key] })));
    } catch (error) {
      setProblem(sentenceOf(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title={`${decision === 'approve' ? 'Approve' : 'Deny'}: ${approval.question}`} onClose={onClose} wide>
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void decide();
        }}
      >
        {editable && <TextArea label={approval.purpose === 'budget' ? 'New limits { tokens?, costUsd? } (JSON)' : 'What is approved (JSON, may be edited)'} value={edited} onChange={setEdited} code rows={8} />}
        <TextField label="Comment (kept with the decision and in the audit)" value={comment} onChange={setComment} />
        {problem && <Notice tone="bad">{problem}</Notice>}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Decide later</Button>
          <Button type="submit" tone={decision === 'approve' ? 'main' : 'danger'} busy={busy}>
            {decision === 'approve' ? 'Approve' : 'Deny'}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
