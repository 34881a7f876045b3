import type { CliContext } from '../context.js';
import { colorsFor } from '../output/colors.js';
import { formatWaterfall } from '../output/waterfall.js';

const DEFAULT_WIDTH = 110;

/** Prints the spans of a workflow as a waterfall, or as JSON. */
export async function showTrace(context: CliContext, workflowId: string): Promise<void> {
  const spans = await context.client.trace(workflowId);
  if (context.print.format !== 'table') return context.print.list(spans, []);
  const lines = formatWaterfall(spans, { colors: colorsFor(context.stdout, context.environment), width: context.stdout.columns ?? DEFAULT_WIDTH });
  lines.forEach((line) => context.print.text(line));
}
