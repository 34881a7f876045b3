import { readLogLine } from './log-line.js';

const read = (text: string, fromStderr = false): ReturnType<typeof readLogLine> => readLogLine({ service: 'model', text, fromStderr });

describe('readLogLine', () => {
  it('makes a sentence of a JSON line', () => {
    expect(read('{"level":50,"time":1,"msg":"no","workflowId":"w1","err":{"message":"boom"}}')).toEqual({ level: 'error', text: 'no  boom  workflowId=w1' });
  });

  it('keeps any other line; over stderr it is an error, unless Node only remarks something', () => {
    expect(read('hello')).toEqual({ level: 'info', text: 'hello' });
    expect(read('{broken', true)).toEqual({ level: 'error', text: '{broken' });
    expect(read('(node:12) DeprecationWarning: x', true).level).toBe('warn');
  });
});
