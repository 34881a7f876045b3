import type { Tool } from '@trivet/contracts';
import { Card } from '../../parts/card.js';
import { JsonBlock } from '../../parts/code-block.js';
import { KeyValues } from '../../parts/key-values.js';
import { TimeAgo } from '../../parts/time-ago.js';
import { CopyButton } from '../../parts/copy-button.js';
import { ToolActions } from './tool-actions.js';
import { ToolVersions } from './tool-versions.js';
import { TryTool } from './try-tool.js';

/** One tool: what it does, what it may reach, what bounds it; and a place to try it. */
export function ToolDetail({ tool }: { tool: Tool }) {
  return (
    <div className="grid min-w-0 gap-4">
      <Card title={tool.name} actions={<ToolActions tool={tool} />}>
        <p>{tool.description}</p>
        <div className="grid gap-4 xl:grid-cols-2">
          <KeyValues
            pairs={[
              ['Version', tool.version],
              ['Digest', <span key="digest" className="flex flex-wrap items-center gap-2"><code className="text-xs">{tool.digest.slice(0, 16)}…</code><CopyButton text={tool.digest} /></span>],
              ['Uploaded', tool.uploadedAt ? <TimeAgo key="at" at={tool.uploadedAt} /> : null],
              ['Runs', tool.remote ? `at a service of yours, on ${tool.remote}` : 'in the sandbox'],
              ['Twice does no harm', tool.idempotent ? 'yes' : 'not said'],
              ['Asks a person first', tool.dangerous ? 'yes' : 'no'],
            ]}
          />
          <KeyValues
            pairs={[
              ['Time', `${tool.limits.timeoutMs} ms`],
              ['Memory', `${tool.limits.memoryMib} MiB`],
              ['Output', `${tool.limits.outputKib} KiB`],
              ['Host calls', tool.limits.hostCalls],
              ['May reach', grantsOf(tool)],
            ]}
          />
        </div>
        <details>
          <summary className="text-muted">Schemas of input and output</summary>
          <div className="mt-2 grid gap-2">
            <JsonBlock label="Input schema" value={tool.input} />
            <JsonBlock label="Output schema" value={tool.output} />
          </div>
        </details>
      </Card>
      <TryTool tool={tool} />
      {!tool.bundled && <ToolVersions tool={tool} />}
    </div>
  );
}

/** What the manifest grants, in words; everything else is denied. */
function grantsOf({ grants }: Tool): string {
  const granted = Object.entries(grants ?? {}).filter(([, value]) => value !== undefined && value !== false);
  if (granted.length === 0) return 'nothing outside of its call';
  return granted.map(([name, value]) => (name === 'http' && Array.isArray(value) ? `http: ${value.map((grant) => (typeof grant === 'object' && grant !== null && 'host' in grant ? grant.host : '')).join(', ')}` : Array.isArray(value) ? `${name}: ${value.join(', ')}` : name)).join('; ');
}
