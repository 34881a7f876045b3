import { useQuery } from '@tanstack/react-query';
import type { Page, Tool } from '@trivet/contracts';
import { useState } from 'react';
import { getJson } from '../../api/http.js';
import { useRole } from '../../api/session.js';
import { Button } from '../../parts/button.js';
import { EmptyState } from '../../parts/empty-state.js';
import { TextField } from '../../parts/fields.js';
import { Loaded } from '../../parts/loading.js';
import { PageHead } from '../../parts/page-head.js';
import { one } from '../../search.js';
import { useFilters } from '../../use-filters.js';
import { ToolDetail } from './tool-detail.js';
import { UploadDialog } from './upload-dialog.js';

/** What workflows can use: the catalog at the left, the chosen tool beside it. */
export function ToolsPage() {
  const query = useQuery({ queryKey: ['tools'], queryFn: ({ signal }) => getJson<Page<Tool>>('/api/v1/tools', {}, signal) });
  const [filters, change] = useFilters();
  const [uploading, setUploading] = useState(false);
  const { mayAdminister } = useRole();
  return (
    <>
      <PageHead title="Tools" about="WebAssembly plugins, each call in a sandbox of its own with hard limits. A plugin reaches nothing that its manifest does not name.">
        {mayAdminister && (
          <Button tone="main" onClick={() => setUploading(true)}>
            Upload a tool
          </Button>
        )}
      </PageHead>
      <Loaded query={query}>
        {({ items }) => {
          const text = one(filters['q']).toLowerCase();
          const shown = items.filter((tool) => `${tool.name} ${tool.description}`.toLowerCase().includes(text));
          const chosen = items.find((tool) => tool.name === one(filters['tool']));
          return (
            <div className="grid items-start gap-4 lg:grid-cols-[20rem_1fr]">
              <div className="grid gap-3">
                <TextField label="Find a tool" type="search" value={one(filters['q'])} onChange={(q) => change({ q })} />
                {shown.length === 0 ? <EmptyState title={`No tool matches; ${items.length} are hidden by the filter.`} /> : <ToolList tools={shown} chosen={chosen?.name} onChoose={(tool) => change({ tool })} />}
              </div>
              {chosen ? <ToolDetail key={chosen.name} tool={chosen} /> : <EmptyState title="Choose a tool to see its limits and grants, its versions, and to try it." />}
            </div>
          );
        }}
      </Loaded>
      {uploading && <UploadDialog onClose={() => setUploading(false)} onUploaded={(tool) => change({ tool, q: undefined })} />}
    </>
  );
}

function ToolList({ tools, chosen, onChoose }: { tools: Tool[]; chosen: string | undefined; onChoose: (name: string) => void }) {
  return (
    <ul aria-label="Catalog" className="grid gap-1">
      {tools.map((tool) => (
        <li key={tool.name}>
          <button type="button" aria-pressed={tool.name === chosen} onClick={() => onChoose(tool.name)} className={`grid w-full gap-0.5 rounded-md border px-3 py-2 text-left hover:bg-raised ${tool.name === chosen ? 'border-accent bg-raised' : 'border-line bg-surface'}`}>
            <span className="flex flex-wrap items-center justify-between gap-2">
              <span className="font-mono text-xs font-semibold">{tool.name}</span>
              <span className="text-xs text-muted">{[tool.disabled && 'disabled', tool.remote && 'remote', tool.bundled ? 'bundled' : 'uploaded', tool.version].filter(Boolean).join(' · ')}</span>
            </span>
            <span className="line-clamp-2 text-muted">{tool.description}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
