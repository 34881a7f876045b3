import { isTerminal } from '../../formatting/is-terminal.js';
import type { Workflow } from '@trivet/contracts';

/** How many steps have ended, as words and a bar. */
export function StepsBar({ workflow: { steps, status } }: { workflow: Workflow }) {
  const share = steps.total > 0 ? (steps.done / steps.total) * 100 : 0;
  const colour = status === 'failed' ? 'bg-bad' : status === 'completed' ? 'bg-good' : isTerminal(status) ? 'bg-muted' : 'bg-busy';
  return (
    <div className="grid gap-1">
      <span className="tabular-nums">
        {steps.done}/{steps.total}
      </span>
      <div aria-hidden className="flex h-1.5 overflow-hidden rounded-full bg-raised">
        <span className={colour} style={{ width: `${share}%` }} />
      </div>
    </div>
  );
}
