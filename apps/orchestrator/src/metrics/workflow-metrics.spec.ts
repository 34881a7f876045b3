import { createMetrics } from '@trivet/telemetry';
import { drive } from '../workflow/drive-for-tests.js';
import { createWorkflowMetrics } from './workflow-metrics.js';

const PLAN = { steps: [{ id: 'count', kind: 'tool' as const, tool: 'text_stats', input: { text: 'a' }, retry: { max: 1 } }] };

function watched(template: string | null = null) {
  const metrics = createMetrics('orchestrator');
  const watch = createWorkflowMetrics(metrics);
  const workflow = drive(PLAN, {}, { template });
  watch({ state: workflow.state(), events: workflow.events });
  return { workflow, metrics, tell: (transition: ReturnType<typeof workflow.tell>) => watch(transition) };
}

describe('the metrics of workflows', () => {
  it('count a workflow and its step, with what each took', async () => {
    const { workflow, metrics, tell } = watched('research');
    workflow.wait(4_000);
    tell(workflow.report('count', { startedAt: new Date(1_003_000).toISOString() }));
    const text = await metrics.render();
    expect(workflow.state().status).toBe('completed');
    expect(text).toContain('trivet_workflows_started_total{template="research",source="http",service="orchestrator"} 1');
    expect(text).toContain('trivet_workflows_finished_total{template="research",status="completed",service="orchestrator"} 1');
    expect(text).toContain('trivet_workflow_duration_seconds_sum{service="orchestrator",template="research",status="completed"} 4');
    expect(text).toContain('trivet_step_duration_seconds_sum{service="orchestrator",kind="tool"} 4');
    expect(text).toContain('trivet_step_queue_seconds_sum{service="orchestrator",kind="tool"} 3');
  });

  it('count attempts after the first, and do not take them for waiting', async () => {
    const { workflow, metrics, tell } = watched();
    tell(workflow.report('count', { failure: { code: 'tool_crashed', message: 'x' }, startedAt: new Date(1_000_000).toISOString() }));
    workflow.wait(10_000);
    tell(workflow.fire('retry-count'));
    tell(workflow.report('count', { startedAt: new Date(1_010_000).toISOString() }));
    const text = await metrics.render();
    expect(workflow.state().status).toBe('completed');
    expect(text).toContain('trivet_steps_retried_total{kind="tool",service="orchestrator"} 1');
    expect(text).not.toContain('trivet_step_queue_seconds_count{service="orchestrator",kind="tool"');
  });

  it('count calls that were lost with their worker', async () => {
    const { workflow, metrics, tell } = watched();
    expect(await metrics.render()).toContain('trivet_workflow_resumed_total{reason="worker_lost",service="orchestrator"} 0');
    const step = workflow.step('count');
    tell(workflow.tell({ type: 'worker-lost', callId: step.status === 'scheduled' ? step.callId : '', worker: 'w', epoch: 1 }));
    expect(await metrics.render()).toContain('trivet_workflow_resumed_total{reason="worker_lost",service="orchestrator"} 1');
  });
});
