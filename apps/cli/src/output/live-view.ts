import type { Client } from '@trivet/client';
import type { WorkflowEvent } from '@trivet/contracts';
import { colorsFor } from './colors.js';
import { formatStepTree } from './step-tree.js';
import { clip, formatDuration } from './text.js';
import { EMPTY_VIEW, foldEvent, type WorkflowView } from './workflow-view.js';

export interface LiveViewOptions {
  /** Where the tree is drawn; a terminal is redrawn in place, anything else gets one line a change and the tree at the end. */
  stream: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
  environment: Readonly<Record<string, string | undefined>>;
  signal?: AbortSignal;
  onEvent?: (event: WorkflowEvent) => void;
}

const REDRAW_EVERY_MS = 100;
const DEFAULT_WIDTH = 100;

/** Follows a workflow to its end and draws its steps; resolves to the last view. */
export async function followLive(client: Client, workflowId: string, options: LiveViewOptions): Promise<WorkflowView> {
  const canvas = options.stream.isTTY && !options.environment['CI'] ? terminalCanvas(options) : lineCanvas(options);
  let view = EMPTY_VIEW;
  const timer = setInterval(() => canvas.draw(view), REDRAW_EVERY_MS);
  try {
    for await (const item of client.stream(workflowId, { signal: options.signal, onReconnect: () => canvas.note('the orchestrator went away; reconnecting …') })) {
      if (item.kind === 'delta') continue;
      options.onEvent?.(item.event);
      const before = view;
      view = foldEvent(view, item.event);
      canvas.change(before, view, item.event);
    }
    return view;
  } finally {
    clearInterval(timer);
    canvas.end(view);
  }
}

interface Canvas {
  draw(view: WorkflowView): void;
  change(before: WorkflowView, after: WorkflowView, event: WorkflowEvent): void;
  note(line: string): void;
  end(view: WorkflowView): void;
}

function terminalCanvas({ stream, environment }: LiveViewOptions): Canvas {
  const colors = colorsFor(stream, environment);
  let drawn = 0;
  const draw = (view: WorkflowView): void => {
    if (view.steps.size === 0) return;
    const width = stream.columns ?? DEFAULT_WIDTH;
    // A line that wraps would take two rows, and the next drawing would start one too low.
    const lines = formatStepTree(view, { colors, nowMs: Date.now(), width }).map((line) => clip(line, width));
    stream.write(`${drawn > 0 ? `\u001b[${drawn}A` : ''}${lines.map((line) => `\u001b[2K${line}\n`).join('')}`);
    drawn = lines.length;
  };
  return {
    draw,
    change: (_before, after) => draw(after),
    note: (line) => {
      stream.write(`\u001b[2K${colors.yellow(line)}\n`);
      drawn = 0;
    },
    end: draw,
  };
}

function lineCanvas({ stream, environment }: LiveViewOptions): Canvas {
  const colors = colorsFor(stream, environment);
  const write = (line: string): void => void stream.write(`${line}\n`);
  let firstAtMs: number | undefined;
  let lastNote = '';
  return {
    draw: () => undefined,
    change: (before, after, event) => {
      firstAtMs ??= Date.parse(event.at);
      const offset = `+${formatDuration(Date.parse(event.at) - firstAtMs)}`.padStart(10);
      for (const step of after.steps.values()) {
        const old = before.steps.get(step.id);
        if (step.status !== (old?.status ?? 'pending')) write(`${offset}  ${step.id}: ${step.status}`);
        for (const note of step.notes.slice(old?.notes.length ?? 0)) write(`${offset}  ${step.id}: ${note}`);
      }
    },
    note: (line) => {
      if (line !== lastNote) write(line);
      lastNote = line;
    },
    end: (view) => {
      if (view.steps.size > 0) formatStepTree(view, { colors, nowMs: Date.now(), width: DEFAULT_WIDTH }).forEach(write);
    },
  };
}
