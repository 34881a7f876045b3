import type { Workflow } from '@trivet/contracts';
import { useState } from 'react';
import { VERBS, controlsOf, type Verb } from '../workflow/controls.js';
import { ControlDialog } from '../workflow/control-dialog.js';
import { Button } from '../../parts/button.js';

/** What can be done to a workflow where it stands in the list: the first of its controls. */
export function RowActions({ workflow }: { workflow: Workflow }) {
  const [verb, setVerb] = useState<Verb>();
  const [name] = controlsOf(workflow);
  return (
    <>
      {name && (
        <Button tone="quiet" className="-my-1" aria-label={`${VERBS[name].title} ${workflow.workflowId}`} onClick={() => setVerb(name)}>
          {VERBS[name].title}…
        </Button>
      )}
      {verb && <ControlDialog workflow={workflow} verb={verb} onClose={() => setVerb(undefined)} />}
    </>
  );
}
