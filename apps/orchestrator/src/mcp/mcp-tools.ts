import { McpServer, type CallToolResult } from '@modelcontextprotocol/server';
import { DECISIONS, Identifier, Scope, TaskBudget, WORKFLOW_STATUSES, asFailureError } from '@trivet/contracts';
import type { Ledger } from '@trivet/state';
import { z } from 'zod';
import { accountOf } from '../api/budgets.controller.js';
import { parseListQuery } from '../api/listing.js';
import type { Queries } from '../api/queries.js';
import type { Watches } from '../api/watches.js';
import type { Approvals } from '../approval/approvals.js';
import type { Actor } from '../audit/audit-trail.js';
import type { Controls } from '../control/controls.js';
import type { Intake } from '../intake/intake.js';
import type { Tools } from '../tools/tools.js';

export interface McpParts {
  intake: Pick<Intake, 'submit'>;
  queries: Pick<Queries, 'workflow' | 'workflows'>;
  watches: Pick<Watches, 'untilEnd'>;
  controls: Pick<Controls, 'cancel' | 'resume'>;
  approvals: Pick<Approvals, 'decide'>;
  tools: Pick<Tools, 'list'>;
  ledger: Pick<Ledger, 'readAccount'>;
}

const LONGEST_WAIT_S = 25;
const AnyObject = z.record(z.string(), z.unknown());
const ById = z.object({ workflowId: Identifier });
const reason = z.string().max(1_000).optional().describe('Why; it stands in the audit.');
const READS = { readOnlyHint: true, openWorldHint: false } as const;
const CHANGES = { readOnlyHint: false, destructiveHint: false, openWorldHint: false } as const;

/** What an agent elsewhere may do with the workflows of a tenant. A server serves one request. */
export function createMcpServer(parts: McpParts, by: Actor, version: string): McpServer {
  const server = new McpServer({ name: 'trivet', version }, { instructions: 'Durable workflows: submit_task begins one and answers at once; wait_for_workflow waits for its end, again and again if need be.' });
  registerReading(server, parts, by.tenant);
  registerChanging(server, parts, by);
  return server;
}

function registerReading(server: McpServer, { queries, watches, tools, ledger }: McpParts, tenant: string): void {
  server.registerTool('get_workflow', { description: 'A workflow: its status, what it waits for, its result or failure.', inputSchema: ById, annotations: READS }, ({ workflowId }) => answer(() => queries.workflow({ tenant, workflowId })));
  server.registerTool(
    'list_workflows',
    { description: 'Workflows, newest first.', inputSchema: z.object({ status: z.array(z.enum(WORKFLOW_STATUSES)).optional(), template: z.string().optional(), q: z.string().max(200).optional().describe('Text in goal or id.'), limit: z.number().int().min(1).max(50).default(20), cursor: z.string().optional() }), annotations: READS },
    (query) => answer(() => queries.workflows(tenant, parseListQuery(query))),
  );
  server.registerTool(
    'wait_for_workflow',
    { description: `Waits for the end of a workflow, at most ${LONGEST_WAIT_S} s, and gives it as it is then. Call it again while its status is not completed, failed or cancelled.`, inputSchema: z.object({ workflowId: Identifier, seconds: z.number().min(0).max(LONGEST_WAIT_S).default(LONGEST_WAIT_S) }), annotations: READS },
    ({ workflowId, seconds }) =>
      answer(async () => {
        const ref = { tenant, workflowId };
        await queries.workflow(ref);
        await watches.untilEnd(ref, seconds * 1_000);
        return queries.workflow(ref);
      }),
  );
  server.registerTool('list_tools', { description: 'The tools that plans and agents may use, with their inputs.', inputSchema: z.object({}), annotations: READS }, () =>
    answer(async () => ({ items: (await tools.list(tenant)).map(({ name, description, input }) => ({ name, description, input })) })),
  );
  server.registerTool('get_budget', { description: 'An account: limits, used and held in each window.', inputSchema: z.object({ scope: Scope, id: Identifier }), annotations: READS }, ({ scope, id }) => answer(async () => ledger.readAccount(accountOf(tenant, scope, id))));
}

function registerChanging(server: McpServer, { intake, queries, controls, approvals }: McpParts, { tenant, actor }: Actor): void {
  server.registerTool(
    'submit_task',
    {
      description: 'Begins a workflow for a goal, by a template or a plan, and answers at once with its id. The same workflowId and task give the same workflow.',
      inputSchema: z.object({ goal: z.string().min(1).max(32_000), template: Identifier.optional(), plan: AnyObject.optional().describe('The steps themselves, in place of a template.'), input: AnyObject.optional(), budget: TaskBudget.optional(), labels: z.record(z.string(), z.string()).optional(), workflowId: Identifier.optional() }),
      annotations: { ...CHANGES, idempotentHint: false, openWorldHint: true },
    },
    (task) => answer(() => intake.submit({ tenant, body: task, source: 'mcp', actor })),
  );
  server.registerTool('cancel_workflow', { description: 'Stops a workflow and what runs of it.', inputSchema: z.object({ workflowId: Identifier, reason }), annotations: { ...CHANGES, destructiveHint: true } }, (asked) =>
    answer(async () => {
      const ref = { tenant, workflowId: asked.workflowId };
      await controls.cancel(ref, asked.reason, actor);
      return queries.workflow(ref);
    }),
  );
  server.registerTool('resume_workflow', { description: 'Goes on with a paused workflow.', inputSchema: z.object({ workflowId: Identifier, reason }), annotations: CHANGES }, (asked) =>
    answer(async () => {
      const ref = { tenant, workflowId: asked.workflowId };
      await controls.resume(ref, asked.reason, actor);
      return queries.workflow(ref);
    }),
  );
  server.registerTool(
    'approve',
    { description: 'Decides what a workflow waits for. Only with the word of a person.', inputSchema: z.object({ approvalId: z.string().max(140), decision: z.enum(DECISIONS), comment: z.string().max(1_000).optional() }), annotations: { ...CHANGES, destructiveHint: true } },
    ({ approvalId, decision, comment }) =>
      answer(async () => {
        await approvals.decide(tenant, approvalId, { decision, ...(comment === undefined ? {} : { comment }) }, actor);
        return { approvalId, decision };
      }),
  );
}

/** A refusal is an answer too: the client's model reads what was wrong and what to do. */
async function answer(ask: () => Promise<object>): Promise<CallToolResult> {
  try {
    const value = await ask();
    return { content: [{ type: 'text', text: JSON.stringify(value) }], structuredContent: JSON.parse(JSON.stringify(value)) };
  } catch (error) {
    const { failure, errors } = asFailureError(error);
    const mistakes = errors.map(({ pointer, detail }) => `${pointer} ${detail}`).join('; ');
    return { isError: true, content: [{ type: 'text', text: [`${failure.code}: ${failure.message}`, mistakes, failure.hint].filter(Boolean).join(' ') }] };
  }
}
