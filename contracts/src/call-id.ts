/**
 * The id of one call: a short hash of who asks for it, the same in every process and after every crash, so that a
 * repeated delivery is recognised. A retry by policy has another attempt number and so another id; a takeover after
 * a worker's death keeps the id and raises the epoch.
 */
export function stepCallId(scope: { tenant: string; workflowId: string; stepId: string; attempt: number }): string {
  return shortHash([scope.tenant, scope.workflowId, scope.stepId, String(scope.attempt)]);
}

/**
 * The id of a model call made from inside a tool. It has no attempt: when the tool runs again after a crash or a
 * retry, the same question (text and how often it was asked before) finds the recorded answer.
 */
export function childCallId(scope: {
  tenant: string;
  workflowId: string;
  stepId: string;
  request: string;
  occurrence: number;
}): string {
  return shortHash([scope.tenant, scope.workflowId, scope.stepId, scope.request, `#${scope.occurrence}`]);
}

/** 96 bits, as 24 hexadecimal digits: the cyrb53 construction run with two seeds. Not for secrets. */
export function shortHash(parts: readonly string[]): string {
  const text = parts.map((part) => `${part.length}:${part}`).join('|');
  return `${mix(text, 0x9e3779b9)}${mix(text, 0x85ebca6b).slice(0, 10)}`;
}

function mix(text: string, seed: number): string {
  let high = 0xdeadbeef ^ seed;
  let low = 0x41c6ce57 ^ seed;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    high = Math.imul(high ^ unit, 2654435761);
    low = Math.imul(low ^ unit, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');
  return hex(high).slice(2) + hex(low);
}

/** The partition of a workflow: all its keys carry the tag `{w<n>}`, so that they change in one atomic step. */
export const PARTITION_COUNT = 16;

export function partitionOf(workflowId: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < workflowId.length; index += 1) {
    hash = Math.imul(hash ^ workflowId.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0) % PARTITION_COUNT;
}
