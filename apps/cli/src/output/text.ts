import type { BudgetState, JsonValue } from '@trivet/contracts';

/** 0.4 ms, 38 ms, 1.24 s, 3 min 05 s. */
export function formatDuration(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(2)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}

/** 12,345 */
export function formatCount(value: number): string {
  return value.toLocaleString('en-US');
}

/** Nano-USD as dollars with as many digits as matter. */
export function formatCost(nanoUsd: number): string {
  const usd = nanoUsd / 1e9;
  return `$${usd >= 1 || usd === 0 ? usd.toFixed(2) : usd.toPrecision(2)}`;
}

export function formatBudget(budget: BudgetState): string {
  const tokens = budget.limitTokens === null ? `${formatCount(budget.usedTokens)} tokens (no limit)` : `${formatCount(budget.usedTokens)} of ${formatCount(budget.limitTokens)} tokens`;
  const cost = budget.usedNanoUsd > 0 || budget.limitNanoUsd !== null ? `, ${formatCost(budget.usedNanoUsd)}${budget.limitNanoUsd === null ? '' : ` of ${formatCost(budget.limitNanoUsd)}`}` : '';
  return tokens + cost;
}

/** The words of a result: the text itself, or the member that carries it; else its JSON. */
export function formatResult(result: JsonValue): string {
  if (typeof result === 'string') return result;
  if (result !== null && typeof result === 'object' && !Array.isArray(result)) {
    for (const name of ['report', 'text', 'answer', 'summary']) {
      const value = result[name];
      if (typeof value === 'string') return value;
      if (value !== null && typeof value === 'object' && !Array.isArray(value) && typeof value['text'] === 'string') return value['text'];
    }
  }
  return asJson(result);
}

const asJson = (result: JsonValue): string => JSON.stringify(result, null, 2);

/** The words of a result, and below them what it says of how it came about. */
export function formatWholeResult(result: JsonValue): string {
  const words = formatResult(result);
  // A result without words of its own is shown as JSON, which has everything already.
  const provenance = words === asJson(result) ? '' : formatProvenance(result);
  return provenance === '' ? words : `${words.trimEnd()}\n\n${provenance}`;
}

/** What a result says of how it came about: a notice (such as that no language model wrote it) and where its facts are from. */
function formatProvenance(result: JsonValue): string {
  if (result === null || typeof result !== 'object' || Array.isArray(result)) return '';
  const lines = (['notice', 'source'] as const).flatMap((name) => {
    const value = result[name];
    return typeof value === 'string' && value !== '' ? [`${name === 'notice' ? 'Notice:' : 'Source:'} ${value}`] : [];
  });
  return lines.join('\n');
}

/** Cut to a width, with an ellipsis. */
export function shorten(text: string, width: number): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length <= width ? line : `${line.slice(0, Math.max(0, width - 1))}…`;
}

/** Cut to a width in the terminal: colour codes take no room, and are closed at the end. */
export function clip(line: string, width: number): string {
  let room = width;
  let kept = '';
  // oxlint-disable-next-line no-control-regex -- the escape character is what colour codes begin with
  for (const [piece] of line.matchAll(/\u001b\[[0-9;]*m|[^\u001b]/gu)) {
    const isColour = piece.startsWith('\u001b');
    if (!isColour && room === 0) return `${kept}\u001b[0m`;
    if (!isColour) room -= 1;
    kept += piece;
  }
  return kept;
}
