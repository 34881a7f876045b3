import { factSubjects } from './facts-filter.js';

describe('the subjects of facts', () => {
  it('are all but those of no workflow when nothing is asked for', () => {
    const all = factSubjects('acme', undefined);
    expect(all).toContain('trivet.v1.event.acme.*.workflow.*');
    expect(all.filter((subject) => subject.includes('.fact.'))).toEqual([]);
    expect(factSubjects('acme', '*')).toEqual(all);
  });

  it.each<[string | string[], string[]]>([
    ['workflow.*', ['workflow.*']],
    ['workflow.completed,step.failed', ['workflow.completed', 'step.failed']],
    [['workflow.completed', 'workflow.*', 'workflow.completed'], ['workflow.*']],
    [' step.failed , ', ['step.failed']],
  ])('%j are those, none inside another', (types, expected) => {
    expect(factSubjects('acme', types)).toEqual(expected.map((type) => `trivet.v1.event.acme.*.${type}`));
  });

  it.each(['workflow', 'workflow.>', 'fact.*', 'fact.recorded', 'workflow.*.x', '>', 'odd.*'])('%j are refused, with those there are', (types) => {
    expect(() => factSubjects('acme', types)).toThrow(/no type of an event/);
  });
});
