import type { JsonValue, Plan } from '@trivet/contracts';
import { drive, type Drive } from '../drive-for-tests.js';

const plan = (input: object): Plan => ({ steps: [{ id: 'bot', kind: 'agent', input: { goal: 'find out', tools: ['search'], ...input } }] });
const tools = { search: { digest: 'd', description: 'Searches', input: { type: 'object' } } };
const usage = { inputTokens: 6, outputTokens: 4, totalTokens: 10, costNanoUsd: 0, source: 'reported', attempts: 1 } as const;

const says = (text: string, toolCalls: JsonValue[] = []): JsonValue => ({ text, model: 'm', provider: 'p', finishReason: toolCalls.length > 0 ? 'tool_calls' : 'stop', ...(toolCalls.length > 0 ? { toolCalls } : {}) });
const wants = (id: string, name = 'search', value: JsonValue = { q: id }): JsonValue => ({ id, name, arguments: value });
const turn = (run: Drive, stepId: string, output: JsonValue): void => void run.report(stepId, { output, usage } as never);
const begun = (input: object = {}): Drive => drive(plan(input), {}, { tools });
const messagesOf = (run: Drive, stepId: string): { role: string; content: string }[] => (run.step(stepId).input as unknown as { messages: { role: string; content: string }[] }).messages;

describe('an agent', () => {
  it('answers after the turns and tool calls it needs, each a step of its own', () => {
    const run = begun({ prompt: 'Be brief.' });
    expect(run.step('bot--0').input).toMatchObject({ messages: [{ role: 'system', content: 'Be brief.' }, { role: 'user', content: 'find out' }], tools: [{ name: 'search', description: 'Searches' }] });
    turn(run, 'bot--0', says('let me look', [wants('a'), wants('b')]));
    expect(['bot--1', 'bot--2'].map(run.status)).toEqual(['scheduled', 'scheduled']);
    run.answer('bot--2', { hits: 2 });
    run.answer('bot--1', { hits: 1 });
    expect(messagesOf(run, 'bot--3').slice(2)).toEqual([
      { role: 'assistant', content: 'let me look', toolCalls: [wants('a'), wants('b')] },
      { role: 'tool', toolCallId: 'a', name: 'search', content: '{"hits":1}' },
      { role: 'tool', toolCallId: 'b', name: 'search', content: '{"hits":2}' },
    ]);
    turn(run, 'bot--3', says('three'));
    expect(run.state()).toMatchObject({ status: 'completed', result: { bot: { answer: 'three', turns: 2 } } });
    expect([...run.folded().steps.all()]).toEqual([...run.state().steps.all()]);
  });

  it('tells the model what a tool failed with, and goes on', () => {
    const run = begun();
    turn(run, 'bot--0', says('', [wants('a')]));
    run.report('bot--1', { failure: { code: 'tool_failed', message: 'no such page' } });
    expect(messagesOf(run, 'bot--2').at(-1)?.content).toContain('no such page');
  });

  it('never calls a tool it was not given, and says so to the model', () => {
    const run = begun();
    turn(run, 'bot--0', says('', [wants('a', 'shell')]));
    expect(run.state().steps.get('bot--1')?.childOf?.kind).toBe('model');
    expect(messagesOf(run, 'bot--1').at(-1)?.content).toContain('There is no tool shell; there are search');
  });

  it('has to answer at its last turn, without tools', () => {
    const run = begun({ maxTurns: 2 });
    turn(run, 'bot--0', says('', [wants('a')]));
    run.answer('bot--1', 1);
    expect(run.step('bot--2').input).not.toHaveProperty('tools');
    turn(run, 'bot--2', says('', [wants('b')]));
    expect(run.state()).toMatchObject({ status: 'failed', failure: { code: 'agent_limit_exceeded', message: expect.stringContaining('maxTurns is 2') } });
  });

  it('calls no more tools than its limit', () => {
    const run = begun({ maxCalls: 1 });
    turn(run, 'bot--0', says('', [wants('a'), wants('b')]));
    expect(run.state().steps.get('bot--2')).toBeUndefined();
    run.answer('bot--1', 1);
    expect(messagesOf(run, 'bot--2').at(-1)?.content).toContain('The limit of 1 tool calls is reached');
  });

  it('ends when its turns have used up its tokens', () => {
    const run = begun({ maxTokens: 15 });
    turn(run, 'bot--0', says('', [wants('a')]));
    run.answer('bot--1', 1);
    expect(run.step('bot--2').input).toMatchObject({ maxTokens: 5 });
    turn(run, 'bot--2', says('', [wants('b')]));
    run.answer('bot--3', 1);
    expect(run.state()).toMatchObject({ status: 'failed', failure: { code: 'agent_limit_exceeded', message: expect.stringContaining('20 tokens; maxTokens is 15') } });
  });

  it('fails with the failure of its model', () => {
    const run = begun();
    run.report('bot--0', { failure: { code: 'capability_unavailable', message: 'no model' } });
    expect(run.state()).toMatchObject({ status: 'failed', failure: { code: 'capability_unavailable' } });
  });

  it('asks a person before a dangerous tool, and runs with exactly what was approved', () => {
    const run = drive(plan({}), {}, { tools: { search: { ...tools.search, dangerous: true } } });
    turn(run, 'bot--0', says('', [wants('a')]));
    const asked = run.step('bot--1');
    expect(asked).toMatchObject({ status: 'open', work: { kind: 'approval', purpose: 'tool', details: { q: 'a' } } });
    const approvalId = asked.status === 'open' && asked.work.kind === 'approval' ? asked.work.approvalId : '';
    run.tell({ type: 'decide', stepId: 'bot--1', approvalId, actor: 'me', decision: { decision: 'approve', edited: { q: 'safer' } } });
    expect(run.step('bot--1')).toMatchObject({ status: 'scheduled', input: { q: 'safer' } });
    expect(run.last().effects).toContainEqual(expect.objectContaining({ do: 'schedule', tool: 'search', input: { q: 'safer' } }));
  });
});
