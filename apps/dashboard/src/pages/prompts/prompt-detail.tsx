import type { Prompt } from '@trivet/contracts';
import { useState } from 'react';
import { useCursorList } from '../../api/cursor-list.js';
import { useRole } from '../../api/session.js';
import { Button } from '../../parts/button.js';
import { Card } from '../../parts/card.js';
import { CodeBlock, JsonBlock } from '../../parts/code-block.js';
import { Loaded } from '../../parts/loading.js';
import { MoreButton } from '../../parts/more-button.js';
import { Table, type Column } from '../../parts/table.js';
import { TimeAgo } from '../../parts/time-ago.js';
import { one } from '../../search.js';
import { useFilters } from '../../use-filters.js';
import { LabelDialog } from './label-dialog.js';
import { PromptChanges } from './prompt-changes.js';
import { PromptEditor } from './prompt-editor.js';
import { PromptPreviewCard } from './prompt-preview.js';

/** One prompt: its versions and labels, the chosen version, how it differs from the one before, and what it says. */
export function PromptDetail({ name }: { name: string }) {
  const { query, items = [] } = useCursorList<Prompt>(['prompts'], `/api/v1/prompts/${name}/versions`);
  const [filters, change] = useFilters();
  const chosen = items.find((prompt) => String(prompt.version) === one(filters['version'])) ?? items[0];
  return (
    <div className="grid min-w-0 gap-4">
      <Card title={name}>
        <Loaded query={query}>{() => <Table label={`Versions of ${name}`} columns={columnsOf((version) => change({ version: String(version) }))} rows={items} rowKey={(prompt) => String(prompt.version)} chosenKey={String(chosen?.version)} />}</Loaded>
        <MoreButton query={query} />
      </Card>
      {chosen && <VersionCard key={chosen.version} prompt={chosen} />}
      {chosen && chosen.version > 1 && <PromptChanges name={name} from={one(filters['from']) || String(chosen.version - 1)} to={String(chosen.version)} versions={items.map((prompt) => prompt.version)} onFrom={(from) => change({ from })} />}
      {chosen && <PromptPreviewCard key={`preview-${chosen.version}`} prompt={chosen} />}
    </div>
  );
}

const columnsOf = (choose: (version: number) => void): Column<Prompt>[] => [
  {
    id: 'version',
    head: 'Version',
    cell: (prompt) => (
      <button type="button" onClick={() => choose(prompt.version)} className="text-accent underline underline-offset-2">
        {prompt.version}
      </button>
    ),
  },
  { id: 'labels', head: 'Labels', cell: (prompt) => prompt.labels.map((label) => <span key={label} className="mr-1 rounded bg-raised px-1.5 py-0.5 text-xs">{label}</span>) },
  { id: 'at', head: 'Made', cell: (prompt) => (prompt.createdAt ? <TimeAgo at={prompt.createdAt} /> : 'bundled') },
  { id: 'by', head: 'By', cell: (prompt) => prompt.createdBy ?? '', wideOnly: true },
];

function VersionCard({ prompt }: { prompt: Prompt }) {
  const { mayAdminister } = useRole();
  const [dialog, setDialog] = useState<'label' | 'edit'>();
  const [, change] = useFilters();
  const actions = mayAdminister && (
    <span className="flex gap-2">
      <Button onClick={() => setDialog('label')}>Move a label…</Button>
      <Button onClick={() => setDialog('edit')}>New version from this</Button>
    </span>
  );
  return (
    <Card title={`Version ${prompt.version}`} actions={actions}>
      <p>{prompt.description}</p>
      {prompt.system && <CodeBlock label="System" text={prompt.system} />}
      <CodeBlock label="User" text={prompt.user} />
      <details>
        <summary className="text-muted">Variables and defaults</summary>
        <div className="mt-2 grid gap-2">
          <JsonBlock label="Variables" value={prompt.input} />
          <JsonBlock label="Defaults" value={prompt.defaults} />
        </div>
      </details>
      {dialog === 'label' && <LabelDialog prompt={prompt} onClose={() => setDialog(undefined)} />}
      {dialog === 'edit' && <PromptEditor prompt={prompt} onClose={() => setDialog(undefined)} onSaved={() => change({ version: undefined })} />}
    </Card>
  );
}
