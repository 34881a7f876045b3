import { useQuery } from '@tanstack/react-query';
import type { ModelOutput, Step, Usage } from '@trivet/contracts';
import { runOneStep } from '../../api/run-plan.js';
import { usd, whole } from '../../formatting/numbers.js';
import { duration, tookMs } from '../../formatting/times.js';
import { Card } from '../../parts/card.js';
import { CodeBlock, JsonBlock } from '../../parts/code-block.js';
import { KeyValues } from '../../parts/key-values.js';
import { Loaded } from '../../parts/loading.js';
import { Notice } from '../../parts/notice.js';
import { WorkflowLink } from '../../parts/workflow-link.js';

/** What one model makes of the words: its answer, and what it took. Mount it to ask. */
export function AnswerCard({ model, input }: { model: string; input: Record<string, unknown> }) {
  const query = useQuery({
    queryKey: ['playground', model, input],
    queryFn: () => runOneStep({ id: 'ask', kind: 'model', input: { ...input, ...(model ? { model } : {}) } }, 'Playground', { source: 'dashboard' }),
    staleTime: Infinity,
    gcTime: 0,
    refetchInterval: false,
    retry: false,
  });
  return (
    <Card title={model || 'Default model'}>
      <Loaded query={query}>
        {({ workflow, steps }) => (
          <>
            <Answer step={steps[0]} waitingFor={workflow.waitingFor} />
            <p className="text-muted">
              Workflow <WorkflowLink id={workflow.workflowId} />: {workflow.status}
            </p>
          </>
        )}
      </Loaded>
    </Card>
  );
}

function Answer({ step, waitingFor }: { step: Step | undefined; waitingFor: string | null }) {
  if (step?.failure) {
    return (
      <Notice tone="bad">
        {step.failure.code}: {step.failure.message}
      </Notice>
    );
  }
  const output = outputOf(step?.output);
  if (!step || !output) return <Notice tone="warn">{waitingFor ?? 'There is no answer yet.'}</Notice>;
  return (
    <>
      {output.value === undefined ? <CodeBlock label="Answer" text={output.text} /> : <JsonBlock label="Answer" value={output.value} />}
      {output.notice && <Notice>{output.notice}</Notice>}
      <Took output={output} usage={step.calls.at(-1)?.usage ?? null} ms={tookMs(step.startedAt, step.finishedAt, Date.now())} />
    </>
  );
}

function Took({ output, usage, ms }: { output: ModelOutput; usage: Usage | null; ms: number | undefined }) {
  return (
    <KeyValues
      pairs={[
        ['Answered by', `${output.model} at ${output.provider}`],
        ['Tokens', usage ? `${whole(usage.inputTokens)} in, ${whole(usage.outputTokens)} out` : null],
        ['Cost', usage ? usd(usage.costNanoUsd) : null],
        ['Time', ms === undefined ? null : duration(ms)],
        ['Prompt', output.prompt ? `${output.prompt.name}@${output.prompt.version}` : null],
        ['From the cache', output.cached ? 'yes: it cost nothing' : null],
      ]}
    />
  );
}

/** A model step's output; undefined when it is none. */
function outputOf(output: unknown): ModelOutput | undefined {
  return isOutput(output) ? output : undefined;
}

const isOutput = (output: unknown): output is ModelOutput => typeof output === 'object' && output !== null && 'text' in output && typeof output.text === 'string';
