import { useQuery } from '@tanstack/react-query';
import type { Page, Prompt } from '@trivet/contracts';
import { useState } from 'react';
import { getJson } from '../../api/http.js';
import { useRole } from '../../api/session.js';
import { Button } from '../../parts/button.js';
import { EmptyState } from '../../parts/empty-state.js';
import { Loaded } from '../../parts/loading.js';
import { PageHead } from '../../parts/page-head.js';
import { PageTabs } from '../../parts/page-tabs.js';
import { one } from '../../search.js';
import { useFilters } from '../../use-filters.js';
import { Playground } from './playground.js';
import { PromptDetail } from './prompt-detail.js';
import { PromptEditor } from './prompt-editor.js';

/** Versioned prompts, and a place to try words on two models side by side. */
export function PromptsPage() {
  return (
    <>
      <PageHead title="Prompts and playground" about="A version never changes; labels such as production move. A workflow's events say which version was used." />
      <PageTabs
        label="Prompts and playground"
        tabs={[
          { id: 'prompts', label: 'Prompts', show: () => <PromptLibrary /> },
          { id: 'playground', label: 'Playground', show: () => <Playground /> },
        ]}
      />
    </>
  );
}

function PromptLibrary() {
  const query = useQuery({ queryKey: ['prompts'], queryFn: ({ signal }) => getJson<Page<Prompt>>('/api/v1/prompts', {}, signal) });
  const [filters, change] = useFilters();
  const [adding, setAdding] = useState(false);
  const { mayAdminister } = useRole();
  return (
    <Loaded query={query}>
      {({ items }) => {
        const chosen = items.find((prompt) => prompt.name === one(filters['prompt']));
        return (
          <div className="grid items-start gap-4 lg:grid-cols-[18rem_1fr]">
            <div className="grid gap-2">
              {mayAdminister && <Button onClick={() => setAdding(true)}>New prompt</Button>}
              <ul aria-label="Prompts" className="grid gap-1">
                {items.map((prompt) => (
                  <li key={prompt.name}>
                    <button type="button" aria-pressed={prompt === chosen} onClick={() => change({ prompt: prompt.name, version: undefined })} className={`grid w-full gap-0.5 rounded-md border px-3 py-2 text-left hover:bg-raised ${prompt === chosen ? 'border-accent bg-raised' : 'border-line bg-surface'}`}>
                      <span className="flex justify-between gap-2">
                        <span className="font-mono text-xs font-semibold">{prompt.name}</span>
                        <span className="text-xs text-muted">v{prompt.version}</span>
                      </span>
                      <span className="line-clamp-2 text-muted">{prompt.description}</span>
                    </button>
                  </li>
                ))}
              </ul>
            </div>
            {chosen ? <PromptDetail key={chosen.name} name={chosen.name} /> : <EmptyState title="Choose a prompt to see its versions, how they differ, and what it says with your variables." />}
            {adding && <PromptEditor onClose={() => setAdding(false)} onSaved={(name) => change({ prompt: name, version: undefined })} />}
          </div>
        );
      }}
    </Loaded>
  );
}
