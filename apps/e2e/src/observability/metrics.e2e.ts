import { connectBus } from '@trivet/bus';
import { SERVICES } from '@trivet/contracts';
import { itPerTier, startStack, until, type Stack } from '@trivet/testing';
import { labelsIn, readExpressions, readRules, selectorsOf } from './expressions.js';
import { linesOf } from './log-lines.js';
import { PROMETHEUS, PROMTOOL, promtool, startPrometheus, type RunningPrometheus } from './prometheus.js';

if (!PROMETHEUS || !PROMTOOL) console.warn('Metrics are not held to promtool, and alerts are not fired: there is no Prometheus here (Debian package: prometheus).');
const hasPrometheus = PROMETHEUS !== undefined && PROMTOOL !== undefined;
const withPrometheus = hasPrometheus ? it : it.skip;

/** What Prometheus adds to every sample. */
const ADDED = ['job', 'instance'];

describe('metrics of a system at work', () => {
  let stack: Stack;
  let prometheus: RunningPrometheus | undefined;
  const targets = (): string[] => SERVICES.flatMap((service) => stack.processes(service).flatMap((each) => each.adminPorts()[service] ?? [])).map((port) => `127.0.0.1:${port}`);
  const scrape = async (): Promise<string[]> => Promise.all([...new Set(targets())].map(async (target) => (await fetch(`http://${target}/metrics`)).text()));
  beforeAll(async () => {
    stack = await startStack({ environment: { TRIVET_LOG_FORMAT: 'pretty', TRIVET_LOG_LEVEL: 'info' } });
    await stack.submit({ goal: 'Analyse Nimbus Robotics', template: 'research', workflowId: 'measured' });
    expect(await stack.ended('measured')).toMatchObject({ status: 'completed' });
  });
  afterAll(async () => {
    await prometheus?.stop();
    await stack.stop();
  });

  it('hold what every expression of alerts and dashboards reads, with its labels', async () => {
    const shown = labelsIn((await scrape()).join('\n'));
    shown.set('up', new Set());
    const missing = (expr: string): string[] =>
      selectorsOf(expr).flatMap(({ metric, labels }) => {
        const known = shown.get(metric);
        return known ? labels.filter((label) => !known.has(label) && !ADDED.includes(label)).map((label) => `${metric}{${label}}`) : [metric];
      });
    const expressions = readExpressions();
    expect(expressions.length).toBeGreaterThan(60);
    expect(expressions.flatMap(({ where, expr }) => missing(expr).map((each) => `${where}: ${each}`))).toEqual([]);
    expect(missing('sum by (colour) (rate(trivet_workflows_started_total{templat="x"}[5m])) + trivet_nothing')).toEqual(['trivet_workflows_started_total{templat}', 'trivet_workflows_started_total{colour}', 'trivet_nothing']);
  });

  it('count what was done, once, and name no workflow', async () => {
    const text = (await scrape()).join('\n');
    // By whichever of several processes did it.
    expect(totalOf(text, 'trivet_workflows_started_total{template="research",source="http",service="orchestrator"}')).toBe(1);
    expect(totalOf(text, 'trivet_workflows_finished_total{template="research",status="completed",service="orchestrator"}')).toBe(1);
    expect(totalOf(text, 'trivet_workflows_active{service="orchestrator"}')).toBe(0);
    expect(text).toMatch(/^trivet_step_queue_seconds_count\{service="orchestrator",kind="tool"\} [1-9]/m);
    expect(text).toMatch(/^trivet_tool_executions_total\{tool="web_research",outcome="completed",service="executor"\} [1-9]/m);
    expect(text).toMatch(/^trivet_model_requests_total\{provider="local",endpoint="local",model="[^"]+",outcome="answered",service="model"\} [1-9]/m);
    expect(totalOf(text, 'trivet_budget_reserved_tokens{service="orchestrator"}')).toBe(0);
    expect(text).not.toContain('measured');
  });

  withPrometheus('are as Prometheus wants them', async () => {
    for (const text of await scrape()) {
      const { code, said } = await promtool(['check', 'metrics'], text);
      expect([0, 3]).toContain(code);
      // Those of the Node process are named by the library that reads them.
      expect(said.split('\n').filter((line) => line !== '' && !line.startsWith('nodejs_'))).toEqual([]);
    }
    expect(await promtool(['check', 'metrics'], '# HELP trivet_wait_milliseconds x\n# TYPE trivet_wait_milliseconds gauge\ntrivet_wait_milliseconds 1\n')).toMatchObject({ code: 3, said: expect.stringContaining('trivet_wait_milliseconds') });
  });

  it('come beside logs for people, which name workflow, tenant and trace on every line too', async () => {
    const { workflow, lines } = await linesOf(stack, 'wf-logged-pretty');
    const fields = ['workflowId=wf-logged-pretty', 'tenant=default', `traceId=${workflow.traceId}`];
    expect(lines.filter((line) => fields.some((field) => !line.includes(` ${field}`)))).toEqual([]);
    expect(new Set(lines.map((line) => /^\d\d:\d\d:\d\d\.\d{3} [A-Z]+ +(\w+) /.exec(line)?.[1]))).toEqual(new Set(['orchestrator', 'executor', 'model']));
  });

  withPrometheus('fire no alert at rest, and that of a dead letter when there is one', async () => {
    // The alerts as they are, but for how long a fault has to last.
    const { groups } = readRules();
    prometheus = await startPrometheus({ targets: targets(), rules: { groups: groups.map((group) => ({ ...group, rules: group.rules.map((rule) => (rule.for ? { ...rule, for: '2s' } : rule)) })) } });
    await until(async () => (await health(prometheus)).filter((each) => each === 'up').length === targets().length, 20_000);
    const rested = Date.now() + 3_000;
    await until(async () => (await evaluations(prometheus)).every((at) => at > rested), 30_000);
    expect(await firing(prometheus)).toEqual([]);

    const bus = await connectBus({ url: stack.servers.nats.url, name: 'another-system' });
    await bus.publish('trivet.v1.task.submit.default', '{ this is no JSON', { isText: true });
    await bus.close();
    await until(async () => (await firing(prometheus)).includes('TrivetDeadLetters'), 30_000, () => 'the alert does not fire');
  });

  (hasPrometheus ? itPerTier('with the executor goes the orchestrator, whose metrics would tell of it') : it.skip)('fire the alerts of a tier that is gone', async () => {
    await Promise.all(stack.processes('executor').map((executor) => executor.end()));
    const expected = ['TrivetDeadLetters', 'TrivetNoWorker', 'TrivetProcessDown'];
    await until(async () => new Set((await firing(prometheus)).filter((name) => expected.includes(name))).size === expected.length, 30_000, () => 'the alerts do not fire');
  });
});

/** The sum of a sample over all processes that show it; NaN when none does. */
function totalOf(text: string, sample: string): number {
  const values = text.split('\n').filter((line) => line.startsWith(`${sample} `)).map((line) => Number(line.slice(sample.length)));
  return values.length === 0 ? NaN : values.reduce((sum, value) => sum + value);
}

const askFor = (prometheus: RunningPrometheus | undefined) => asked(prometheus).ask<{ alerts: { state: string; labels: { alertname: string } }[] }>('/api/v1/alerts');
const firing = async (prometheus: RunningPrometheus | undefined): Promise<string[]> => (await askFor(prometheus)).alerts.filter(({ state }) => state === 'firing').map(({ labels }) => labels.alertname);
const health = async (prometheus: RunningPrometheus | undefined): Promise<string[]> => (await asked(prometheus).ask<{ activeTargets: { health: string }[] }>('/api/v1/targets')).activeTargets.map((target) => target.health);
const evaluations = async (prometheus: RunningPrometheus | undefined): Promise<number[]> => (await asked(prometheus).ask<{ groups: { lastEvaluation: string }[] }>('/api/v1/rules')).groups.map(({ lastEvaluation }) => Date.parse(lastEvaluation));

function asked(prometheus: RunningPrometheus | undefined): RunningPrometheus {
  if (!prometheus) throw new Error('Prometheus was not started');
  return prometheus;
}
