import { readSubmitted } from './cloud-event.js';

const message = (body: string, headers: Record<string, string> = {}) => ({ data: new TextEncoder().encode(body), header: (name: string) => headers[Object.keys(headers).find((key) => key.toLowerCase() === name.toLowerCase()) ?? ''] });
const task = { goal: 'x' };

describe('a submitted message', () => {
  it('may be plain JSON', () => {
    expect(readSubmitted(message(JSON.stringify(task)))).toEqual({ body: task, eventId: undefined });
  });

  it('may be a CloudEvent in binary mode, with a percent-encoded id', () => {
    expect(readSubmitted(message(JSON.stringify(task), { 'ce-specversion': '1.0', 'ce-id': 'a%20b' }))).toEqual({ body: task, eventId: 'a b' });
  });

  it.each([{ 'Content-Type': 'application/cloudevents+json; charset=utf-8' }, {}])('may be a CloudEvent in structured mode, with the headers %j', (headers) => {
    const body = JSON.stringify({ specversion: '1.0', type: 't', source: '/s', id: 'e1', data: task });
    expect(readSubmitted(message(body, headers as Record<string, string>))).toEqual({ body: task, eventId: 'e1' });
  });

  it('may carry its data in base64', () => {
    const body = JSON.stringify({ specversion: '1.0', type: 't', source: '/s', id: 'e1', data_base64: Buffer.from(JSON.stringify(task)).toString('base64') });
    expect(readSubmitted(message(body)).body).toEqual(task);
  });

  it.each(['{broken', '', '[1,', '\u0000'])('is refused when it is %j', (body) => {
    expect(() => readSubmitted(message(body))).toThrow(/not JSON/);
  });

  it('is refused when it is too large, naming size and limit', () => {
    expect(() => readSubmitted(message(JSON.stringify({ goal: 'x'.repeat(1_000_000) })))).toThrow(/1000011 bytes; a task may have 1000000/);
  });

  it('is refused when it is nested too deep, without exhausting the stack', () => {
    expect(() => readSubmitted(message('['.repeat(200_000)))).toThrow(/levels deep; the limit is 100/);
  });

  it('is refused when a key could reach a prototype', () => {
    expect(() => readSubmitted(message('{"goal":"x","input":{"__proto__":{"admin":true}}}'))).toThrow(/__proto__ at \/input\/__proto__/);
  });
});
