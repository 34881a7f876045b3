import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readOperatorRules, type OperatorSettings } from './operator-rules.js';

const NOTHING: OperatorSettings = { egressConfig: undefined, tavilyKey: undefined, braveKey: undefined, searxngUrl: undefined };

describe('the rules of the operator', () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'trivet-egress-'))));
  afterEach(() => rmSync(folder, { recursive: true }));
  const withFile = (content: unknown): OperatorSettings => {
    const egressConfig = join(folder, 'egress.json');
    writeFileSync(egressConfig, typeof content === 'string' ? content : JSON.stringify(content));
    return { ...NOTHING, egressConfig };
  };

  it('allow nothing when nothing is set', () => {
    expect(readOperatorRules(NOTHING)).toEqual({ privatePermissions: [], secrets: {}, services: {} });
  });

  it('send the key of a search engine to that engine only, for the search tools only', () => {
    expect(readOperatorRules({ ...NOTHING, tavilyKey: 'tvly-12345678', braveKey: 'brave-12345678', searxngUrl: 'http://127.0.0.1:8888' })).toMatchObject({
      secrets: {
        tavily: { header: 'authorization', value: 'Bearer tvly-12345678', hosts: ['api.tavily.com'], tools: ['web_search', 'web_research'] },
        brave: { header: 'x-subscription-token', value: 'brave-12345678', hosts: ['api.search.brave.com'] },
      },
      services: { 'searxng.trivet.internal': { url: 'http://127.0.0.1:8888', tools: ['web_search', 'web_research'] } },
    });
  });

  it('come from a file', () => {
    const file = { secrets: { crm: { header: 'x-api-key', value: 'very-secret', hosts: ['crm.example.com'], tools: ['default/orders'] } }, private: [{ tool: 'default/orders', host: '10.0.0.7', port: 8080 }], services: { 'orders.trivet.internal': { url: 'https://10.0.0.8/api', tools: ['default/orders'] } } };
    expect(readOperatorRules(withFile(file))).toEqual({ privatePermissions: file.private, secrets: file.secrets, services: file.services });
  });

  it.each([
    ['a file that is no JSON', '{', /egress\.json/],
    ['an unknown field', { secret: {} }, /secret/],
    ['a secret for every host', { secrets: { a: { header: 'x', value: 'very-secret', hosts: [], tools: ['b'] } } }, /hosts/],
    ['a secret too short to be found in an echo', { secrets: { a: { header: 'x', value: 'short', hosts: ['b'], tools: ['b'] } } }, /8 to 4096/],
    ['a header that would break out of its line', { secrets: { a: { header: 'x\r\ny', value: 'very-secret', hosts: ['b'], tools: ['b'] } } }, /header/],
    ['a service under another name', { services: { 'example.com': { url: 'http://x.y', tools: ['b'] } } }, /trivet\.internal/],
    ['a service that is no web address', { services: { 'a.trivet.internal': { url: 'file:///etc/passwd', tools: ['b'] } } }, /url/],
  ])('are refused with a reason: %s', (_what, content, reason) => {
    expect(() => readOperatorRules(withFile(content))).toThrow(reason);
  });

  it('say which file cannot be read', () => {
    expect(() => readOperatorRules({ ...NOTHING, egressConfig: join(folder, 'none.json') })).toThrow(/TRIVET_EGRESS_CONFIG is .*none\.json: there is no such file/);
  });
});
