import { useState, type ReactNode } from 'react';
import { sentenceOf } from '../api/problem.js';
import { Button } from './button.js';
import { Dialog } from './dialog.js';
import { TextField } from './fields.js';
import { Notice } from './notice.js';

interface ConfirmProps {
  title: string;
  /** What will happen, in words. */
  children?: ReactNode;
  /** What the button says: the verb itself, not 'OK'. */
  verb: string;
  danger?: boolean;
  /** Does it, with the reason that lands in the audit; what it throws is shown and the dialog stays. */
  onConfirm: (reason: string) => Promise<unknown>;
  onClose: () => void;
}

/** Asks before something changes, and why: the reason stands in the audit. */
export function ConfirmDialog({ title, children, verb, danger = false, onConfirm, onClose }: ConfirmProps) {
  const [reason, setReason] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const confirm = async () => {
    setBusy(true);
    try {
      await onConfirm(reason.trim());
      onClose();
    } catch (error) {
      setProblem(sentenceOf(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void confirm();
        }}
      >
        {children}
        <TextField label="Reason (kept in the audit)" value={reason} onChange={setReason} placeholder="Why is this done?" />
        {problem && <Notice tone="bad">{problem}</Notice>}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Keep as it is</Button>
          <Button type="submit" tone={danger ? 'danger' : 'main'} busy={busy}>
            {verb}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
