import { describe, expect, it } from '@jest/globals';
import { readDoneHeader } from './done-header.js';

const figures = { wallMs: 1, cpuMs: 0, peakMemoryBytes: 65_536 };

describe('the word of a slot about the end of a call', () => {
  it('is taken as it is when our slot would say it', () => {
    expect(readDoneHeader({ failure: null, ...figures })).toEqual({ failure: null, ...figures });
    const failure = { code: 'tool_failed', message: 'own words', detail: { line: 3, name: 'Error', more: null, sure: true }, hostCode: 'network_failed' };
    expect(readDoneHeader({ failure, ...figures })).toEqual({ failure, ...figures });
  });

  it.each([null, 1, 'text', [], {}, { failure: null }, { ...figures }, { failure: null, ...figures, wallMs: '1' }, { failure: null, ...figures, cpuMs: -1 }, { failure: null, ...figures, peakMemoryBytes: 1e300 }])('is not taken when it has another form: %j', (header) => {
    expect(readDoneHeader(header)).toBeNull();
  });

  it.each(['internal', 'budget_exceeded', 'tool_timeout', 'toString', '', null, 7])('is not taken with the code %j, which is not its to give', (code) => {
    expect(readDoneHeader({ failure: { code, message: 'x', detail: {} }, ...figures })).toBeNull();
  });

  it('is cut to what it may have', () => {
    const failure = { code: 'tool_failed', message: 'x'.repeat(50_000), detail: { long: 'y'.repeat(9000), deep: { a: 1 }, 'odd name': 1, ...JSON.parse('{"__proto__":{"admin":true}}') }, hostCode: 'z'.repeat(9000) };
    const read = readDoneHeader({ failure, ...figures })?.failure;
    expect(read?.message).toHaveLength(4000);
    expect(read?.hostCode).toHaveLength(200);
    expect(read?.detail).toEqual({ long: 'y'.repeat(200) });
  });

  it('has no control characters that a terminal would obey', () => {
    const failure = { code: 'tool_failed', message: 'line\n\tnext \u001b[31mred\u001b]8;;http://evil.example\u0007 \u0000\u009b 中文 🌍', detail: { reason: '\u001b[2J' } };
    expect(readDoneHeader({ failure, ...figures })?.failure).toMatchObject({ message: 'line\n\tnext \uFFFD[31mred\uFFFD]8;;http://evil.example\uFFFD \uFFFD\uFFFD 中文 🌍', detail: { reason: '\uFFFD[2J' } });
  });
});
