import dagre from '@dagrejs/dagre';
import { Background, Controls, MarkerType, ReactFlow, type Edge, type Node } from '@xyflow/react';
import '@xyflow/react/dist/style.css';
import type { Event, Step } from '@trivet/contracts';
import { useMemo } from 'react';
import { EmptyState } from '../../parts/empty-state.js';
import { StatusBadge } from '../../parts/status-badge.js';
import { planGraph } from './plan-graph.js';
import type { LiveEvents } from './use-events.js';

/** The graph in the colours of the page. */
const THEME = '[--xy-background-color:var(--page)] [--xy-edge-stroke:var(--muted)] [--xy-node-background-color:var(--surface)] [--xy-node-border:1px_solid_var(--line)] [--xy-node-color:var(--ink)]';
const FIT = { maxZoom: 1 };
const WIDTH = 220;
const HEIGHT = 72;

interface Choosing {
  chosen: string | undefined;
  onChoose: (step: string) => void;
}

/** The plan as a graph, with what grew inside its steps while it ran; a press shows the step. */
export function Graph({ steps, live, chosen, onChoose }: Choosing & { steps: readonly Step[]; live: LiveEvents }) {
  const { nodes, edges } = useMemo(() => laidOut(steps, live.events, { chosen, onChoose }), [steps, live.events, chosen]);
  if (nodes.length === 0) return <EmptyState title="It has no steps yet: its plan is being made." />;
  const dark = document.documentElement.dataset['theme'] === 'dark';
  return (
    <div role="region" aria-label="Graph" className="h-[60vh] overflow-hidden rounded-lg border border-line bg-surface">
      <ReactFlow nodes={nodes} edges={edges} fitView fitViewOptions={FIT} minZoom={0.1} className={THEME} colorMode={dark ? 'dark' : 'light'} nodesDraggable={false} nodesConnectable={false} nodesFocusable={false} edgesFocusable={false} proOptions={{ hideAttribution: false }}>
        <Background />
        <Controls showInteractive={false} />
      </ReactFlow>
    </div>
  );
}

function laidOut(steps: readonly Step[], events: readonly Event[], { chosen, onChoose }: Choosing): { nodes: Node[]; edges: Edge[] } {
  const { nodes, edges } = planGraph(steps, events);
  const layout = new dagre.graphlib.Graph().setGraph({ rankdir: 'LR', nodesep: 24, ranksep: 56 }).setDefaultEdgeLabel(() => ({}));
  for (const { step } of nodes) layout.setNode(step.id, { width: WIDTH, height: HEIGHT });
  for (const { from, to } of edges) layout.setEdge(from, to);
  dagre.layout(layout);
  return {
    nodes: nodes.map(({ step, more }) => {
      const { x, y } = layout.node(step.id);
      return { id: step.id, position: { x: x - WIDTH / 2, y: y - HEIGHT / 2 }, data: { label: <Label step={step} more={more} chosen={step.id === chosen} onChoose={onChoose} /> }, style: { width: WIDTH, padding: 0, outline: step.id === chosen ? '2px solid var(--accent)' : 'none' }, sourcePosition: 'right', targetPosition: 'left' } as Node;
    }),
    edges: edges.map(({ from, to }) => ({ id: `${from}>${to}`, source: from, target: to, markerEnd: { type: MarkerType.ArrowClosed } })),
  };
}

/** A button, so that a step is chosen by keyboard too; `nopan`: a press on it does not move the graph. */
function Label({ step, more, chosen, onChoose }: { step: Step; more: number; chosen: boolean; onChoose: (step: string) => void }) {
  return (
    <button type="button" aria-pressed={chosen} onClick={() => onChoose(step.id)} className="nopan grid w-full justify-items-start gap-1 p-2.5 text-left">
      <span className="line-clamp-1 font-medium">{step.title ?? step.id}</span>
      <span className="flex items-center gap-2">
        <StatusBadge status={step.status} />
        <span className="text-xs">{more > 0 ? `${step.kind}, ${more} more inside` : step.kind}</span>
      </span>
    </button>
  );
}
