import type { Workflow } from '@trivet/contracts';
import { useState } from 'react';
import { controlsOf, type Verb } from '../workflow/controls.js';
import { ControlDialog } from '../workflow/control-dialog.js';
import { Button } from '../../parts/button.js';

/** What can be done to a workflow where it stands in the list: the first of its controls. */
export function RowActions({ workflow }: { workflow: Workflow }) {
  const [verb, setVerb] = useState<Verb>();
  const verbs = controlsOf(workflow).filter((name) => name === 'cancel' || name === 'retry' || name === 'resume');
  return (
    <span className="flex gap-1">
      {verbs.slice(0, 1).map((name) => (
        <Button key={name} tone="quiet" aria-label={`${name} ${workflow.workflowId}`} onClick={() => setVerb(name)}>
          {name}…
        </Button>
      ))}
      {verb && <ControlDialog workflow={workflow} verb={verb} onClose={() => setVerb(undefined)} />}
    </span>
  );
}
