import { describe, expect, it } from '@jest/globals';
import { readOutput } from './output.js';

const read = (text: string) => readOutput(new TextEncoder().encode(text));

describe('the output of a plugin', () => {
  it.each(['{"a":[1,"你好",null]}', 'null', '0', '"text"', '{"proto":1,"text":"__proto__"}'])('may be any JSON: %s', (text) => {
    expect(read(text)).toEqual({ output: JSON.parse(text) });
  });
  it.each(['', '{', 'undefined', 'NaN', '{"a":1}x'])('may not be %j', (text) => expect(read(text)).toMatchObject({ reason: 'json' }));
  it('may not be other bytes than UTF-8', () => {
    expect(readOutput(Uint8Array.of(0x22, 0xff, 0x22))).toMatchObject({ reason: 'encoding' });
    expect(readOutput(Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22))).toMatchObject({ reason: 'encoding' });
  });
  it('may not be nested so deep that no door would take it, however long it is', () => {
    expect(read(`${'['.repeat(80)}${']'.repeat(80)}`)).toMatchObject({ output: [expect.anything()] });
    expect(read(`${'['.repeat(81)}${']'.repeat(81)}`)).toEqual({ problem: 'nested 81 levels deep; the limit is 80', reason: 'depth' });
    expect(read('['.repeat(4_000_000))).toMatchObject({ reason: 'depth' });
  });
  it.each(['{"__proto__":{"admin":true}}', '{"a":[{"__proto__":1}]}', '{"\\u005f_proto__":1}', '{"\\u005F\\u005fproto\\u005f_":1}'])('may not smuggle a prototype: %s', (text) => {
    expect(read(text)).toMatchObject({ reason: 'prototype' });
  });
});
