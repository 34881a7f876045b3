import { Card } from '../../parts/card.js';
import { CodeBlock } from '../../parts/code-block.js';
import { PageHead } from '../../parts/page-head.js';
import { Addresses } from './addresses.js';
import { agentSnippets } from './agent-snippets.js';
import { busUser } from './bus-user.js';
import { useConnection } from './connection.js';
import { followSnippets } from './follow-snippets.js';
import { RouteTable } from './route-table.js';
import { Snippets } from './snippets.js';
import { SubjectTable } from './subject-table.js';
import { submitSnippets } from './submit-snippets.js';

/** How other systems speak with this stack: lines that work as they stand, every subject and every route. */
export function ConnectPage() {
  const connection = useConnection();
  return (
    <>
      <PageHead title="Connect" about={`Any system that speaks HTTP, NATS, MCP or OpenAI's protocol can submit tasks and follow them. The lines below work as they stand, against this stack${connection.needsKey ? ', with an API key in TRIVET_API_KEY' : ''}.`} />
      <Addresses connection={connection} />
      <Card title="Submit a task">
        <Snippets label="Submit from" snippets={submitSnippets(connection)} />
      </Card>
      <Card title="Agents, and clients of OpenAI">
        <Snippets label="Connect" snippets={agentSnippets(connection)} />
      </Card>
      <div className="grid grid-cols-1 gap-4 xl:grid-cols-2">
        <Card title="Follow what happens">
          <Snippets label="Follow from" snippets={followSnippets(connection)} />
        </Card>
        <Card title="A user of the bus for another system">
          <CodeBlock label="Permissions" text={busUser(connection.tenant)} />
        </Card>
      </div>
      <SubjectTable />
      <RouteTable />
    </>
  );
}
