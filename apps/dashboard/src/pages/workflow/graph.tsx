import dagre from '@dagrejs/dagre';
import { Background, Controls, MarkerType, ReactFlow, type Edge, type Node } from '@xyflow/react';
import '@xyflow/react/dist/style.css';
import type { Step } from '@trivet/contracts';
import { useMemo } from 'react';
import { EmptyState } from '../../parts/empty-state.js';
import { StatusBadge } from '../../parts/status-badge.js';
import { planGraph } from './plan-graph.js';
import type { LiveEvents } from './use-events.js';

const WIDTH = 220;
const HEIGHT = 72;

/** The plan as a graph, with what grew inside its steps while it ran; a press shows the step. */
export function Graph({ steps, live, chosen, onChoose }: { steps: readonly Step[]; live: LiveEvents; chosen: string | undefined; onChoose: (step: string) => void }) {
  const { nodes, edges } = useMemo(() => laidOut(steps, live, chosen), [steps, live, chosen]);
  if (nodes.length === 0) return <EmptyState title="It has no steps yet: its plan is being made." />;
  const dark = document.documentElement.dataset['theme'] === 'dark';
  return (
    <div role="region" aria-label="Graph" className="h-[60vh] overflow-hidden rounded-lg border border-line bg-surface">
      <ReactFlow nodes={nodes} edges={edges} fitView minZoom={0.1} colorMode={dark ? 'dark' : 'light'} nodesDraggable={false} nodesConnectable={false} onNodeClick={(_, node) => onChoose(node.id)} proOptions={{ hideAttribution: false }}>
        <Background />
        <Controls showInteractive={false} />
      </ReactFlow>
    </div>
  );
}

function laidOut(steps: readonly Step[], live: LiveEvents, chosen: string | undefined): { nodes: Node[]; edges: Edge[] } {
  const { nodes, edges } = planGraph(steps, live.events);
  const layout = new dagre.graphlib.Graph().setGraph({ rankdir: 'LR', nodesep: 24, ranksep: 56 }).setDefaultEdgeLabel(() => ({}));
  for (const { step } of nodes) layout.setNode(step.id, { width: WIDTH, height: HEIGHT });
  for (const { from, to } of edges) layout.setEdge(from, to);
  dagre.layout(layout);
  return {
    nodes: nodes.map(({ step, more }) => {
      const { x, y } = layout.node(step.id);
      return { id: step.id, position: { x: x - WIDTH / 2, y: y - HEIGHT / 2 }, data: { label: <Label step={step} more={more} /> }, style: { width: WIDTH, outline: step.id === chosen ? '2px solid var(--accent)' : 'none' }, sourcePosition: 'right', targetPosition: 'left' } as Node;
    }),
    edges: edges.map(({ from, to }) => ({ id: `${from}>${to}`, source: from, target: to, markerEnd: { type: MarkerType.ArrowClosed } })),
  };
}

function Label({ step, more }: { step: Step; more: number }) {
  return (
    <span className="grid justify-items-start gap-1 text-left">
      <span className="line-clamp-1 font-medium">{step.title ?? step.id}</span>
      <span className="flex items-center gap-2">
        <StatusBadge status={step.status} />
        <span className="text-xs">{more > 0 ? `${step.kind}, ${more} more inside` : step.kind}</span>
      </span>
    </span>
  );
}
