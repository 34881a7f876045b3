import { describe, expect, it } from '@jest/globals';
import { FailureError, type JsonValue } from '@trivet/contracts';
import { KV_LIMITS } from '@trivet/state';
import { readKvRequest } from './kv.js';

describe('a request to kv', () => {
  it.each<[JsonValue]>([[{ op: 'get', key: 'a' }], [{ op: 'delete', key: 'seen/urls.v1:x_y-z' }], [{ op: 'set', key: 'k'.repeat(128), value: null }], [{ op: 'set', key: '__proto__', value: { a: [1, 'ü 🌍'] } }], [{ op: 'list', prefix: 'seen/' }]])('%j is read as it is', (request) => {
    expect(readKvRequest(request)).toEqual(request);
  });

  it('lists all keys when no prefix is given', () => {
    expect([readKvRequest({ op: 'list' }), readKvRequest({ op: 'list', prefix: '' })]).toEqual([{ op: 'list', prefix: '' }, { op: 'list', prefix: '' }]);
  });

  it('takes nothing else along: no workflow, no tenant', () => {
    expect(readKvRequest({ op: 'get', key: 'a', workflowId: 'another', tenant: 'another', prefix: 'x' })).toEqual({ op: 'get', key: 'a' });
  });

  it('takes a value of exactly the limit', () => {
    expect(readKvRequest({ op: 'set', key: 'a', value: 'x'.repeat(KV_LIMITS.valueBytes - 2) })).toMatchObject({ op: 'set' });
  });

  describe('when something is wrong with it', () => {
    const REFUSED: [name: string, request: JsonValue, code: string, message: RegExp][] = [
      ['no object', 'get a', 'invalid_request', /kv knows get, set, delete, list, not missing/],
      ['an unknown operation', { op: 'incr', key: 'a' }, 'invalid_request', /knows get, set, delete, list, not "incr"/],
      ['an operation from the prototype', { op: 'constructor', key: 'a' }, 'invalid_request', /not "constructor"/],
      ['no key', { op: 'get' }, 'invalid_request', /key of kv must be a text of 1 to 128 characters; it is missing/],
      ['an empty key', { op: 'get', key: '' }, 'invalid_request', /1 to 128 characters; it is ""/],
      ['a key that is no text', { op: 'get', key: ['a'] }, 'invalid_request', /it is a list/],
      ['a key too long', { op: 'get', key: 'k'.repeat(129) }, 'invalid_request', /"k{80}" has 129 characters; the limit of kv is 128/],
      ['a key with a line break', { op: 'set', key: 'a\r\nDEL x', value: 1 }, 'invalid_request', /"a\\r\\nDEL x" has a character that kv does not take/],
      ['a key that ends in a line break', { op: 'get', key: 'a\n' }, 'invalid_request', /character that kv does not take/],
      ['the key of the counter', { op: 'get', key: '#bytes' }, 'invalid_request', /character that kv does not take/],
      ['a key with a NUL', { op: 'delete', key: 'a\0' }, 'invalid_request', /character that kv does not take/],
      ['a prefix with a wildcard', { op: 'list', prefix: '*' }, 'invalid_request', /prefix "\*" has a character/],
      ['no value', { op: 'set', key: 'a' }, 'invalid_request', /value of a is missing/],
      ['a value nested too deep', { op: 'set', key: 'a', value: JSON.parse('['.repeat(50_000) + ']'.repeat(50_000)) }, 'invalid_request', /nested 50000 levels deep; the limit of kv is 100/],
      ['a value too large', { op: 'set', key: 'a', value: 'x'.repeat(10_000_000) }, 'payload_too_large', /value of a has 10000002 bytes; the limit of kv is 65536/],
      ['a value too large in UTF-8 only', { op: 'set', key: 'a', value: '语'.repeat(30_000) }, 'payload_too_large', /90002 bytes/],
    ];
    it.each(REFUSED)('%s is refused', (_name, request, code, message) => {
      let thrown: unknown;
      try {
        readKvRequest(request);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(FailureError);
      expect(thrown).toMatchObject({ failure: { code, message: expect.stringMatching(message) } });
    });
  });
});
