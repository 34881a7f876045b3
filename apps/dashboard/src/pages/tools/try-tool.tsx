import type { CallRecord, Tool } from '@trivet/contracts';
import { useState } from 'react';
import { parseJson } from '../../api/parse-json.js';
import { sentenceOf } from '../../api/problem.js';
import { runOneStep, type Ran } from '../../api/run-plan.js';
import { useRole } from '../../api/session.js';
import { bytes } from '../../formatting/numbers.js';
import { duration } from '../../formatting/times.js';
import { Button } from '../../parts/button.js';
import { Card } from '../../parts/card.js';
import { JsonBlock } from '../../parts/code-block.js';
import { TextArea } from '../../parts/fields.js';
import { KeyValues } from '../../parts/key-values.js';
import { Notice } from '../../parts/notice.js';
import { WorkflowLink } from '../../parts/workflow-link.js';
import { exampleInput } from './example-input.js';

/** Calls the tool with an input, as a workflow of one step: what comes back, and what it took of its limits. */
export function TryTool({ tool }: { tool: Tool }) {
  const { mayWrite } = useRole();
  const [input, setInput] = useState(() => JSON.stringify(exampleInput(tool.input), null, 2));
  const [busy, setBusy] = useState(false);
  const [ran, setRan] = useState<Ran>();
  const [problem, setProblem] = useState<string>();
  if (!mayWrite) return null;
  const tryIt = async () => {
    setBusy(true);
    setProblem(undefined);
    setRan(undefined);
    try {
      setRan(await runOneStep({ id: 'try', kind: 'tool', tool: tool.name, input: parseJson(input, 'The input') }, `Try ${tool.name}`, { source: 'dashboard' }));
    } catch (error) {
      setProblem(sentenceOf(error));
    }
    setBusy(false);
  };
  return (
    <Card title="Try it">
      <form
        className="grid gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          void tryIt();
        }}
      >
        <TextArea label="Input (JSON)" value={input} onChange={setInput} code rows={6} />
        <div>
          <Button type="submit" tone="main" busy={busy}>
            {busy ? 'Running …' : 'Run'}
          </Button>
        </div>
      </form>
      {problem && <Notice tone="bad">{problem}</Notice>}
      {ran && <Outcome ran={ran} tool={tool} />}
    </Card>
  );
}

function Outcome({ ran, tool }: { ran: Ran; tool: Tool }) {
  const step = ran.steps[0];
  const call = step?.calls.at(-1);
  return (
    <div className="grid gap-3">
      {step?.failure && (
        <Notice tone="bad">
          {step.failure.code}: {step.failure.message}
        </Notice>
      )}
      {step?.status === 'completed' && <JsonBlock label="Output" value={step.output} />}
      {ran.workflow.waitingFor && <Notice tone="warn">{ran.workflow.waitingFor}</Notice>}
      {call?.sandbox && <Figures sandbox={call.sandbox} tool={tool} />}
      <p className="text-muted">
        Workflow <WorkflowLink id={ran.workflow.workflowId} />: {ran.workflow.status}
      </p>
    </div>
  );
}

function Figures({ sandbox, tool }: { sandbox: NonNullable<CallRecord['sandbox']>; tool: Tool }) {
  return (
    <KeyValues
      pairs={[
        ['Time', `${duration(sandbox.wallMs)} of ${duration(tool.limits.timeoutMs)} (${duration(sandbox.cpuMs)} of CPU)`],
        ['Memory', `${sandbox.peakMemoryMib.toFixed(1)} MiB of ${tool.limits.memoryMib} MiB`],
        ['Host calls', `${sandbox.hostCalls} of ${tool.limits.hostCalls}`],
        ['In and out', `${bytes(sandbox.bytesIn)} and ${bytes(sandbox.bytesOut)} (at most ${tool.limits.outputKib} KiB)`],
      ]}
    />
  );
}
