import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import type { Page, Step, Workflow } from '@trivet/contracts';
import { lazy, Suspense } from 'react';
import { getJson } from '../../api/http.js';
import { ApiError } from '../../api/problem.js';
import { isTerminal } from '../../formatting/is-terminal.js';
import { EmptyState } from '../../parts/empty-state.js';
import { Loaded } from '../../parts/loading.js';
import { Tabs } from '../../parts/tabs.js';
import { one } from '../../search.js';
import { useFilters } from '../../use-filters.js';
import { CostTab } from './cost-tab.js';
import { EventsTab } from './events-tab.js';
import { InputTab } from './input-tab.js';
import { Inspector } from './inspector.js';
import { LogsTab } from './logs-tab.js';
import { OutputTab } from './output-tab.js';
import { Timeline } from './timeline.js';
import { TraceTab } from './trace-tab.js';
import { useEvents } from './use-events.js';
import { WorkflowHead } from './workflow-head.js';

const Graph = lazy(async () => ({ default: (await import('./graph.js')).Graph }));

const TABS = ['timeline', 'graph', 'events', 'output', 'input', 'cost', 'trace', 'logs'].map((id) => ({ id, label: `${id[0]?.toUpperCase()}${id.slice(1)}` }));

/** One workflow: what it did and does, step by step, live; and what can be done to it. */
export function WorkflowPage() {
  const { workflowId } = useParams({ from: '/workflows/$workflowId' });
  const query = useQuery({ queryKey: ['workflow', workflowId, 'record'], queryFn: ({ signal }) => getJson<Workflow>(`/api/v1/workflows/${workflowId}`, {}, signal) });
  if (query.error instanceof ApiError && query.error.status === 404) return <Unknown workflowId={workflowId} />;
  return <Loaded query={query}>{(workflow) => <KnownWorkflow key={workflow.workflowId} workflow={workflow} />}</Loaded>;
}

function Unknown({ workflowId }: { workflowId: string }) {
  return (
    <EmptyState title={`There is no workflow ${workflowId}.`}>
      <p className="text-muted">The id may be of another tenant, or its record and its events are older than what is kept.</p>
      <Link to="/workflows" search={{}} className="justify-self-start text-accent underline">
        To the workflows
      </Link>
    </EmptyState>
  );
}

function KnownWorkflow({ workflow }: { workflow: Workflow }) {
  const { workflowId } = workflow;
  const [filters, change] = useFilters();
  const over = isTerminal(workflow.status);
  const live = useEvents(workflowId, over);
  const stepsQuery = useQuery({ queryKey: ['workflow', workflowId, 'steps'], queryFn: ({ signal }) => getJson<Page<Step>>(`/api/v1/workflows/${workflowId}/steps`, {}, signal), refetchInterval: over ? false : 3_000 });
  const steps = stepsQuery.data?.items ?? [];
  const tab = TABS.find(({ id }) => id === one(filters['tab']))?.id ?? 'timeline';
  const chosen = steps.find(({ id }) => id === one(filters['step']));
  const choose = (step: string) => change({ step: step === chosen?.id ? undefined : step });
  const panels: Record<string, () => React.ReactNode> = {
    timeline: () => <Timeline workflow={workflow} steps={steps} live={live} chosen={chosen?.id} onChoose={choose} />,
    graph: () => (
      <Suspense fallback={<p role="status">Drawing …</p>}>
        <Graph steps={steps} live={live} chosen={chosen?.id} onChoose={choose} />
      </Suspense>
    ),
    events: () => <EventsTab workflowId={workflowId} live={live} />,
    output: () => <OutputTab workflow={workflow} />,
    input: () => <InputTab live={live} />,
    cost: () => <CostTab workflow={workflow} steps={steps} />,
    trace: () => <TraceTab workflow={workflow} />,
    logs: () => <LogsTab workflow={workflow} />,
  };
  return (
    <>
      <WorkflowHead workflow={workflow} steps={steps} />
      <div className={`grid items-start gap-5 ${chosen ? 'xl:grid-cols-[minmax(0,1fr)_26rem]' : ''}`}>
        <Tabs label="Views of the workflow" tabs={TABS} chosen={tab} onChoose={(id) => change({ tab: id === 'timeline' ? undefined : id })}>
          <Loaded query={stepsQuery}>{() => panels[tab]?.()}</Loaded>
        </Tabs>
        {chosen && <Inspector workflow={workflow} step={chosen} saying={live.saying.get(chosen.id)} onClose={() => change({ step: undefined })} />}
      </div>
    </>
  );
}
