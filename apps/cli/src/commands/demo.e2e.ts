import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { anyAlive, familyOf, launch } from '../testing/launched.js';
import { until } from '../testing/processes.js';

const demoFolders = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('trivet-demo-'));

/** What a command said on stderr besides which servers it took. */
const withoutNotes = (errors: string): string => errors.replaceAll(/^(NATS|Redis): .*\n/gm, '');

describe('trivet demo', () => {
  it('shows the steps, the report, the tokens, the trace and the end, and leaves nothing', async () => {
    const before = demoFolders();
    const demo = launch(['demo']);
    await demo.said(/workflow \S+ accepted/);
    const family = familyOf(demo.pid);
    expect({ code: await demo.ended, errors: withoutNotes(demo.errors()) }).toEqual({ code: 0, errors: '' });
    const output = demo.output();
    for (const step of ['overview', 'funding', 'report']) expect(output).toMatch(new RegExp(`✔ ${step}`));
    expect(output).toMatch(/Nimbus/);
    expect(output).toMatch(/Budget: {2}[\d,]+ of 20,000 tokens/);
    expect(output).toMatch(/Search: {2}(Wikipedia|the bundled sample corpus)/);
    expect(output).toMatch(/task\.submit .*━/);
    expect(output).toMatch(/^workflow \S+ completed$/m);
    await until(() => !anyAlive(family), 15_000);
    expect(demoFolders()).toEqual(before);
  });

  it('runs the first two steps side by side', async () => {
    const demo = launch(['demo', '-o', 'json']);
    expect({ code: await demo.ended, errors: demo.errors() }).toMatchObject({ code: 0 });
    const { steps }: { steps: { id: string; startedAt: string; finishedAt: string }[] } = JSON.parse(demo.output());
    const [overview, funding, report] = ['overview', 'funding', 'report'].map((id) => steps.find((step) => step.id === id));
    expect(Date.parse(funding?.startedAt ?? '')).toBeLessThan(Date.parse(overview?.finishedAt ?? ''));
    expect(Date.parse(report?.startedAt ?? '')).toBeGreaterThanOrEqual(Math.max(Date.parse(overview?.finishedAt ?? ''), Date.parse(funding?.finishedAt ?? '')));
  });

  it('leaves nothing when it is interrupted', async () => {
    const before = demoFolders();
    const demo = launch(['demo']);
    await until(() => /Redis: /.test(demo.errors()), 30_000);
    const family = familyOf(demo.pid);
    demo.child.kill('SIGINT');
    expect(await demo.ended).toBe(130);
    await until(() => !anyAlive(family), 15_000);
    expect(demoFolders()).toEqual(before);
  });
});

describe('trivet demo crash', () => {
  it('kills the orchestrator, then the executor, and nothing is lost, repeated or charged twice', async () => {
    const demo = launch(['demo', 'crash']);
    const code = await demo.ended;
    expect({ code, errors: withoutNotes(demo.errors()) }).toEqual({ code: 0, errors: '' });
    expect(demo.output()).toMatch(/orchestrator died \(SIGKILL\)/);
    expect(demo.output()).toMatch(/executor died \(SIGKILL\)/);
    expect(demo.output().match(/^workflow \S+ completed$/gm)).toHaveLength(2);
  });
});
