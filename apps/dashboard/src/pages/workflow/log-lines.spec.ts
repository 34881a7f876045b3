import type { TraceSpan } from '@trivet/contracts';
import { linesOf } from './log-lines.js';

const span: TraceSpan = { traceId: 't', spanId: 's', parentSpanId: null, name: 'call', service: 'executor', startedAt: 100, durationMs: 50, status: 'ok', attributes: {} };
const log = (at: number, level: string, message: string) => ({ at, name: 'log', attributes: { level, message } });
const said = (of: TraceSpan) => linesOf(of).map(({ at, level, service, message }) => `${at} ${level} ${service}: ${message}`);

describe('linesOf', () => {
  it('takes what was logged within the span, and nothing else that happened in it', () => {
    expect(said({ ...span, events: [log(110, 'warn', 'slow'), { at: 111, name: 'exception', attributes: {} }, log(120, 'fatal', 'gone')] })).toEqual(['110 warn executor: slow', '120 error executor: gone']);
  });

  it('says that a span failed, and why where that is known', () => {
    expect(said({ ...span, status: 'error' })).toEqual(['150 error executor: call failed']);
    expect(said({ ...span, status: 'error', attributes: { 'error.type': 'tool_timeout', 'error.message': 'It took 5 s.' } })).toEqual(['150 error executor: call failed: It took 5 s.']);
  });

  it('is silent about a span without lines', () => expect(said(span)).toEqual([]));
});
