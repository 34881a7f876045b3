import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';

const ROOT = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const { groups } = parse(read('infra/prometheus/rules.yml')) as { groups: { rules: { alert: string; labels: object; annotations: Record<string, string> }[] }[] };
const alerts = groups.flatMap(({ rules }) => rules);

const PROMTOOL = ['/usr/bin/promtool', '/usr/local/bin/promtool', '/opt/homebrew/bin/promtool'].find(existsSync);
if (!PROMTOOL) console.warn('The alert rules are not held to promtool: there is none here (Debian package: prometheus).');

const promtool = (...args: string[]): Promise<{ code: number | null; said: string }> =>
  new Promise((resolve) => {
    const child = execFile(PROMTOOL ?? 'promtool', args, (_, stdout, stderr) => resolve({ code: child.exitCode, said: stdout + stderr }));
  });

describe('the alerts', () => {
  (PROMTOOL ? it : it.skip)('are rules as Prometheus takes them', async () => {
    expect(await promtool('check', 'rules', join(ROOT, 'infra/prometheus/rules.yml'))).toMatchObject({ code: 0, said: expect.stringContaining(`${alerts.length} rules found`) });
    expect(await promtool('check', 'config', '--syntax-only', join(ROOT, 'infra/prometheus/prometheus.yml'))).toMatchObject({ code: 0 });
    const folder = mkdtempSync(join(tmpdir(), 'trivet-rules-'));
    writeFileSync(join(folder, 'broken.yml'), 'groups: [{ name: x, rules: [{ alert: X, expr: "sum(" }] }]');
    expect((await promtool('check', 'rules', join(folder, 'broken.yml'))).code).not.toBe(0);
    rmSync(folder, { recursive: true });
  });

  it.each(alerts.map(({ alert, annotations }) => [alert, annotations] as const))('%s says what is so, and where to read on', (alert, annotations) => {
    expect(annotations).toEqual({ summary: expect.any(String), description: expect.any(String), runbook_url: `docs/observability.md#${alert.toLowerCase()}` });
    expect(read('docs/observability.md').split('\n')).toContain(`### ${alert}`);
  });

  it('have no section in the runbook that is of none of them', () => {
    expect([...read('docs/observability.md').matchAll(/^### (\w+)$/gm)].map(([, name]) => name)).toEqual(expect.arrayContaining(alerts.map(({ alert }) => alert)));
    expect([...read('docs/observability.md').matchAll(/^### /gm)]).toHaveLength(alerts.length);
  });
});

describe('the tests of the alerts', () => {
  const withPromtool = PROMTOOL ? it : it.skip;
  const tests = parse(read('infra/prometheus/rules.test.yml'));
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'trivet-alerts-'));
    writeFileSync(join(folder, 'rules.test.yml'), read('infra/prometheus/rules.test.yml'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** What they say of rules that all have this expression. */
  async function failing(expr: string): Promise<string[]> {
    const rules = { groups: groups.map((group) => ({ ...group, rules: group.rules.map((rule) => ({ ...rule, expr, for: '0s' })) })) };
    writeFileSync(join(folder, 'rules.yml'), stringify(rules));
    const { said } = await promtool('test', 'rules', join(folder, 'rules.test.yml'));
    return [...new Set([...said.matchAll(/alertname: ?(\w+), time/g)].map(([, name = '']) => name))].toSorted();
  }

  withPromtool('hold', async () => {
    expect(await promtool('test', 'rules', join(ROOT, 'infra/prometheus/rules.test.yml'))).toMatchObject({ code: 0 });
  });

  it('have a time for each alert at which it fires, and one at which it does not', () => {
    const expected: { alertname: string; exp_alerts: object[] }[] = tests.tests.flatMap((test: { alert_rule_test: object[] }) => test.alert_rule_test);
    const named = (fires: boolean): string[] => [...new Set(expected.filter(({ exp_alerts }) => exp_alerts.length > 0 === fires).map(({ alertname }) => alertname))].toSorted();
    const all = alerts.map(({ alert }) => alert).toSorted();
    expect({ fires: named(true), silent: named(false) }).toEqual({ fires: all, silent: all });
  });

  withPromtool('notice each alert that never fires, and each that always does', async () => {
    const all = alerts.map(({ alert }) => alert).toSorted();
    expect({ never: await failing('vector(1) > 2'), always: await failing('vector(1)') }).toEqual({ never: all, always: all });
  });
});

describe('the dashboards', () => {
  const files = readdirSync(join(ROOT, 'infra/grafana/dashboards'));
  const dashboards = files.map((file) => JSON.parse(read(`infra/grafana/dashboards/${file}`)));
  const { datasources } = parse(read('infra/grafana/provisioning/datasources/trivet.yml'));

  it('are four, each with an id of its own', () => {
    expect(dashboards.map(({ title }) => title)).toEqual(['Trivet: model cost', 'Trivet: overview', 'Trivet: executor sandbox', 'Trivet: workflows']);
    expect(new Set(dashboards.map(({ uid }) => uid)).size).toBe(4);
  });

  it('ask the source that is set up for them, and their panels do not lie over each other', () => {
    const sources = datasources.map(({ uid }: { uid: string }) => uid);
    for (const { panels } of dashboards) {
      const taken = new Set<string>();
      for (const { datasource, targets, gridPos } of panels) {
        for (const each of [datasource, ...targets.map((target: { datasource: object }) => target.datasource)]) expect(sources).toContain(each.uid);
        for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
          for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
            expect(taken.has(`${x},${y}`) || x >= 24).toBe(false);
            taken.add(`${x},${y}`);
          }
        }
      }
    }
  });

  it('are mounted where they are looked for', () => {
    const { providers } = parse(read('infra/grafana/provisioning/dashboards/trivet.yml'));
    const { grafana, prometheus, 'otel-collector': collector } = parse(read('docker-compose.yml'), { merge: true }).services;
    expect(grafana.volumes).toEqual(['./infra/grafana/provisioning:/etc/grafana/provisioning:ro', `./infra/grafana/dashboards:${providers[0].options.path}:ro`]);
    expect(prometheus.volumes).toContain('./infra/prometheus:/etc/prometheus:ro');
    expect(collector.volumes).toEqual(['./infra/otel/collector.yml:/etc/otelcol-contrib/config.yaml:ro']);
  });
});

describe('the collector', () => {
  const config = parse(read('infra/otel/collector.yml'));

  it('uses only what it defines: bounded first, by whole traces, in batches', () => {
    const { receivers, processors, exporters } = config.service.pipelines.traces;
    expect(processors).toEqual(['memory_limiter', 'tail_sampling', 'batch']);
    for (const [kind, names] of Object.entries({ receivers, processors, exporters })) for (const name of names) expect(Object.keys(config[kind])).toContain(name);
    for (const name of config.service.extensions) expect(Object.keys(config.extensions)).toContain(name);
  });

  it('keeps every trace with an error', () => {
    expect(config.processors.tail_sampling.policies[0]).toMatchObject({ type: 'status_code', status_code: { status_codes: ['ERROR'] } });
  });
});
