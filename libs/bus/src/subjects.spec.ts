import { subjects, workflowOfSubject } from './subjects.js';

describe('subjects', () => {
  it('builds the subject of the catalog', () => {
    expect(subjects.toolCall('acme', 'wf-1')).toBe('trivet.v1.tool.call.acme.wf-1');
    expect(subjects.event('acme', 'wf-1', 'step.completed')).toBe('trivet.v1.event.acme.wf-1.step.completed');
    expect(subjects.rpc('task', 'submit')).toBe('trivet.v1.rpc.task.submit');
  });

  it.each(['x\r\nPUB trivet.v1.tool.result.a.b 2\r\n{}', 'a.b', '*', '>', 'a b', '', 'x'.repeat(65), '$JS', 'ä'])('refuses the id %j', (id) => {
    expect(() => subjects.modelResult('acme', id)).toThrow(/cannot be part of a subject/);
    expect(() => subjects.taskSubmit(id)).toThrow(/cannot be part of a subject/);
  });

  it('tell the workflow of a call or a result, and none of what belongs to no workflow', () => {
    expect(workflowOfSubject(subjects.toolResult('acme', 'wf-1'))).toEqual({ tenant: 'acme', workflowId: 'wf-1' });
    expect(workflowOfSubject(subjects.taskSubmit('acme'))).toBeUndefined();
    expect(workflowOfSubject(subjects.dead('CALLS'))).toBeUndefined();
  });

  it('lets remote tools live below tools. alone', () => {
    for (const subject of ['tools.orders', 'tools.orders.find', 'tools.A-1_b']) expect(subjects.remoteTool(subject)).toBe(subject);
    const refused = ['tools', 'tools.', 'tools..a', 'tools.*', 'tools.>', 'tools.a.', 'tools.a b', 'tools.a\n', 'tools.a\r\nPUB x 0', 'Tools.a', 'trivet.v1.tool.result.a.b', '$JS.API.STREAM.PURGE.EVENTS', '$SYS.REQ.SERVER.PING', '$SRV.PING', '_INBOX.a', '_INBOX_executor.a', `tools.${'x'.repeat(65)}`, `tools${'.a'.repeat(9)}`, ''];
    for (const subject of refused) expect(() => subjects.remoteTool(subject)).toThrow(/is no subject of a remote tool/);
  });
});
