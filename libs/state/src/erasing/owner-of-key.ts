/** Whose a key is: of a tenant, and where it says so of one of its workflows. */
export interface KeyOwner {
  tenant: string;
  workflowId?: string;
}

const ID = '[A-Za-z0-9_-]{1,64}';
const TENANT = `(?<tenant>${ID})`;
const WORKFLOW = `(?<workflowId>${ID})`;

/** The families of keys.ts and ledger-keys.ts that belong to a tenant; a spec holds each builder of keys.ts against them. */
const FAMILIES: readonly RegExp[] = [
  `\\{w\\d+\\}:(?:wf|steps|events|tomb|kv|snapshots|counted):${TENANT}:${WORKFLOW}`,
  `\\{w\\d+\\}:(?:call|claim):${TENANT}:${WORKFLOW}:.+`,
  `\\{w\\d+\\}:(?:list|approvals|accounts):${TENANT}`,
  `\\{w\\d+\\}:usage:${TENANT}:.+`,
  `\\{w\\d+\\}:queue:${ID}:${ID}:${TENANT}`,
  `\\{ledger\\}:account:workflow:${TENANT}:${WORKFLOW}:.+`,
  `\\{ledger\\}:result:${TENANT}:${WORKFLOW}:.+`,
  `\\{ledger\\}:account:(?:tenant|user|session):${TENANT}:.+`,
  `\\{ledger\\}:cache:${TENANT}:.+`,
  `\\{catalog\\}:(?:versions|heads):${TENANT}`,
  `\\{prompts\\}:(?:versions|newest|bytes):${TENANT}`,
  `\\{prompts\\}:labels:${TENANT}:.+`,
  `\\{files\\}:(?:of|contents|texts):${TENANT}`,
  `\\{memory\\}:meta:${TENANT}`,
  `\\{memory\\}:(?:heads|texts|vectors|changes|gone|expiry):${TENANT}:.+`,
  `\\{schedules\\}:of:${TENANT}`,
  `\\{limits\\}:(?:inside|keys):${TENANT}`,
  // The name of a concurrency key is any text, also with line breaks.
  `\\{limits\\}:(?:inside|line|starts):${TENANT}:.*`,
].map((family) => new RegExp(`^${family}$`, 's'));

/** Null: nobody's. The audit of a tenant is the operator's. */
export function ownerOfKey(key: string): KeyOwner | null {
  for (const family of FAMILIES) {
    const { tenant, workflowId } = family.exec(key)?.groups ?? {};
    if (tenant !== undefined) return workflowId === undefined ? { tenant } : { tenant, workflowId };
  }
  return null;
}
