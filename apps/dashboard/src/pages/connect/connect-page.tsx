import { Card } from '../../parts/card.js';
import { CodeBlock } from '../../parts/code-block.js';
import { PageHead } from '../../parts/page-head.js';
import { RouteTable } from './route-table.js';
import { Snippets } from './snippets.js';
import { agentSnippets, followSnippets, PERMISSIONS, submitSnippets } from './submit-snippets.js';
import { SubjectTable } from './subject-table.js';

/** How other systems speak with this stack: lines that work as they stand, every subject and every route. */
export function ConnectPage() {
  const { origin } = location;
  return (
    <>
      <PageHead title="Connect" about="Any system that speaks HTTP, NATS, MCP or OpenAI's protocol can submit tasks and follow them. The lines below work as they stand, against this stack." />
      <div className="grid items-start gap-4 xl:grid-cols-2">
        <Card title="Submit a task">
          <Snippets label="Submit from" snippets={submitSnippets(origin)} />
        </Card>
        <Card title="Follow what happens">
          <Snippets label="Follow from" snippets={followSnippets(origin)} />
        </Card>
        <Card title="Agents and clients of OpenAI">
          <Snippets label="Connect" snippets={agentSnippets(origin)} />
        </Card>
        <Card title="Rights of a bus user">
          <CodeBlock label="Permissions" text={PERMISSIONS} />
        </Card>
      </div>
      <SubjectTable />
      <RouteTable />
    </>
  );
}
