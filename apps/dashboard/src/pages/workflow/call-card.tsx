import type { CallRecord } from '@trivet/contracts';
import { bytes, usd, whole } from '../../formatting/numbers.js';
import { duration } from '../../formatting/times.js';
import { Elapsed } from '../../parts/elapsed.js';
import { KeyValues } from '../../parts/key-values.js';
import { StatusBadge } from '../../parts/status-badge.js';

/** One call of a step: who made it, how it ended, what it took. */
export function CallCard({ call }: { call: CallRecord }) {
  const { usage, sandbox } = call;
  return (
    <section aria-label={`Call ${call.callId}`} className="grid gap-2 rounded-md border border-line bg-page p-3">
      <h3 className="flex flex-wrap items-center justify-between gap-2">
        <span>{call.parentCallId ? 'Model call of the tool' : `Attempt ${call.attempt}`}</span>
        <StatusBadge status={call.outcome ?? 'running'} />
      </h3>
      <KeyValues
        pairs={[
          ['Call', <code key="id" className="text-xs">{call.callId}</code>],
          ['Worker', call.worker],
          ['Took', call.startedAt ? <Elapsed key="took" from={call.startedAt} to={call.finishedAt} /> : 'not begun'],
          ['Model', usage?.model],
          ['Tokens', usage ? `${whole(usage.inputTokens)} in${usage.cachedInputTokens ? ` (${whole(usage.cachedInputTokens)} cached)` : ''}, ${whole(usage.outputTokens)} out${usage.reasoningTokens ? ` (${whole(usage.reasoningTokens)} thinking)` : ''}` : null],
          ['Cost', usage ? `${usd(usage.costNanoUsd)}, ${usage.source === 'reported' ? 'as the vendor says' : 'as we counted'}` : null],
          ['Time in the sandbox', sandbox ? `${duration(sandbox.wallMs)} (${duration(sandbox.cpuMs)} of CPU)` : null],
          ['Peak memory', sandbox ? `${sandbox.peakMemoryMib.toFixed(1)} MiB` : null],
          ['Host calls', sandbox?.hostCalls],
          ['In and out', sandbox ? `${bytes(sandbox.bytesIn)} and ${bytes(sandbox.bytesOut)}` : null],
        ]}
      />
      {call.tried && (
        <ul aria-label="Attempts at vendors" className="grid gap-0.5 text-muted">
          {call.tried.map((attempt, index) => (
            <li key={index}>
              {attempt.endpoint}/{attempt.model}: {attempt.outcome} after {duration(attempt.durationMs)}, {usd(attempt.costNanoUsd)}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
