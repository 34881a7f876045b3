import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { TaskAccepted } from '@trivet/contracts';
import { useState, type ReactNode } from 'react';
import { getJson, send } from '../../api/http.js';
import { sentenceOf } from '../../api/problem.js';
import { useRole } from '../../api/session.js';
import { Button } from '../../parts/button.js';
import { Notice } from '../../parts/notice.js';
import { Snippets } from '../connect/snippets.js';
import { submitSnippets } from '../connect/submit-snippets.js';

const DEMO = { goal: 'Analyse Nimbus Robotics', template: 'research', labels: { source: 'dashboard' } };

/** What stands here before anything was submitted: three steps, the first of which ticks itself. */
export function FirstSteps() {
  const ready = useQuery({ queryKey: ['ready'], queryFn: ({ signal }) => getJson('/readyz', {}, signal), refetchInterval: 2_000 });
  return (
    <ol className="grid gap-4">
      <Item number={1} title={ready.isSuccess ? 'Connected: NATS, Redis and the bundled tools answer ✓' : 'Connecting …'}>
        {ready.error && <Notice tone="warn">{sentenceOf(ready.error)}</Notice>}
      </Item>
      <Item number={2} title="Run the demo">
        <p className="text-muted">A research task of three steps; no key and no network are needed: without a configured model the offline one answers, and says so.</p>
        <RunDemo />
      </Item>
      <Item number={3} title="Publish from your system">
        <Snippets label="Submit a task from" snippets={submitSnippets(location.origin)} />
      </Item>
    </ol>
  );
}

function Item({ number, title, children }: { number: number; title: string; children: ReactNode }) {
  return (
    <li className="grid min-w-0 grid-cols-1 gap-3 rounded-lg border border-line bg-surface p-4">
      <h2 className="font-semibold">
        {number}. {title}
      </h2>
      {children}
    </li>
  );
}

function RunDemo() {
  const navigate = useNavigate();
  const { mayWrite } = useRole();
  const [problem, setProblem] = useState<string>();
  const run = async () => {
    try {
      const { workflowId } = await send<TaskAccepted>('/api/v1/tasks', { method: 'POST', body: DEMO });
      await navigate({ to: '/workflows/$workflowId', params: { workflowId }, search: {} });
    } catch (error) {
      setProblem(sentenceOf(error));
    }
  };
  if (!mayWrite) return null;
  return (
    <div className="grid justify-items-start gap-2">
      <Button tone="main" onClick={() => void run()}>
        ▶ Run the demo workflow
      </Button>
      {problem && <Notice tone="bad">{problem}</Notice>}
    </div>
  );
}
