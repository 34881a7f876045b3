import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { JsonValue } from '@trivet/contracts';
import type { CatalogTool } from '../src/catalog/tool-catalog.js';
import type { HttpExchange } from '../src/host/egress/http-exchange.js';
import { SandboxPool } from '../src/sandbox/pool.js';
import { call, prepareSandbox } from '../hostile/prepare.js';

/** What the web answers, by the start of the address. */
type Web = Record<string, { status?: number; type?: string; body: string }>;

describe('the web tools, with a network', () => {
  let pool: SandboxPool;
  let tools: Map<string, CatalogTool>;
  let asked: string[];
  beforeAll(async () => {
    tools = await prepareSandbox();
    pool = new SandboxPool({ slots: 1 });
  }, 120_000);
  afterAll(() => pool.close());

  function run(name: string, input: JsonValue, web: Web, model?: (request: JsonValue) => JsonValue) {
    asked = [];
    const http: HttpExchange = async ({ grants }, { url }) => {
      asked.push(url);
      const engine = grants.find(({ host, secretHeader }) => (secretHeader || host.endsWith('.trivet.internal')) && url.includes(`//${host}/`));
      if (engine && !Object.keys(web).some((start) => start.includes(engine.host))) return { error: { code: 'capability_unavailable', message: `${engine.host} is not set up` } };
      const [, answer] = Object.entries(web).find(([start]) => url.startsWith(start)) ?? [];
      if (!answer) return { error: { code: 'tool_host_denied', message: `${url} is not granted` } };
      return { value: { status: answer.status ?? 200, url, headers: { 'content-type': answer.type ?? 'application/json' }, body: answer.body } };
    };
    const tool = tools.get(name);
    if (!tool) throw new Error(`no tool ${name}`);
    return call(pool, tool, input, { services: { http, model: async (_call, request) => ({ value: model?.(request) ?? null }) } });
  }

  const found = (...titles: string[]): string => JSON.stringify({ query: { search: titles.map((title) => ({ title, snippet: `About <span class="searchmatch">${title}</span> &amp; &quot;more&quot;` })) } });

  it('web_search asks Wikipedia in the language of the query', async () => {
    expect(await run('web_search', { query: 'grey heron', limit: 2 }, { 'https://en.wikipedia.org/w/api.php?': { body: found('Grey heron', 'C++ (language)') } })).toMatchObject({
      output: { source: 'wikipedia', results: [{ title: 'Grey heron', url: 'https://en.wikipedia.org/wiki/Grey_heron', snippet: 'About Grey heron & "more"' }, { url: 'https://en.wikipedia.org/wiki/C%2B%2B_(language)' }] },
    });
    expect(asked.at(-1)).toContain('srsearch=grey%20heron&srlimit=2');
    expect(await run('web_search', { query: '苍鹭' }, { 'https://zh.wikipedia.org/w/api.php?': { body: found('苍鹭') } })).toMatchObject({ output: { results: [{ title: '苍鹭' }] } });
  });

  describe.each([
    ['tavily', 'https://api.tavily.com/search', (results: object[]) => ({ results })],
    ['brave', 'https://api.search.brave.com/res/v1/web/search?q=grey%20heron&count=2', (results: object[]) => ({ web: { results } })],
    ['searxng', 'http://searxng.trivet.internal/search?format=json&q=grey%20heron', (results: object[]) => ({ results })],
  ])('web_search with %s', (source, address, reply) => {
    const results = [1, 2, 3].map((n) => ({ title: `Heron <b>${n}</b>`, url: `https://example.org/${n}`, [source === 'brave' ? 'description' : 'content']: 'It&#x27;s <strong>grey</strong>' }));

    it('gives what it finds, in the shape of every search', async () => {
      expect(await run('web_search', { query: 'grey heron', limit: 2 }, { [address]: { body: JSON.stringify(reply(results)) } })).toMatchObject({ output: { source, results: [{ title: 'Heron 1', url: 'https://example.org/1', snippet: "It's grey" }, { title: 'Heron 2' }] } });
    });

    it('says that it refuses, and hides it behind nothing', async () => {
      expect(await run('web_search', { query: 'grey heron', limit: 2 }, { [address]: { status: 401, body: '' } })).toMatchObject({ failure: { code: 'tool_failed', message: expect.stringMatching(/answered with status 401: its key is refused/) } });
      expect(await run('web_search', { query: 'grey heron', limit: 2 }, { [address]: { body: '<html>' } })).toMatchObject({ failure: { code: 'tool_failed', message: expect.stringMatching(/no JSON/) } });
    });

    it('takes an answer of another shape as none', async () => {
      for (const body of ['{}', '[]', '{"results":7,"web":7}', '{"results":[{"url":"javascript:alert(1)"},{}],"web":{"results":[{}]}}']) {
        expect(await run('web_search', { query: 'grey heron', limit: 2 }, { [address]: { body } })).toMatchObject({ output: { source, results: [] } });
      }
    });

    it('lets web_research read the pages it found', async () => {
      let question = '';
      const web: Web = { [address.replace('count=2', 'count=3')]: { body: JSON.stringify(reply(results)) }, 'https://example.org/1': { type: 'text/html', body: '<p>Herons stand in water.</p>' }, 'https://example.org/2': { status: 500, body: '' } };
      const result = await run('web_research', { query: 'grey heron' }, web, (request) => {
        question = JSON.stringify(request);
        return { text: 'They stand.' };
      });
      expect(result).toMatchObject({ output: { summary: 'They stand.', source, sources: [{ url: 'https://example.org/1' }, { url: 'https://example.org/2' }, { url: 'https://example.org/3' }] } });
      expect(question).toContain("Herons stand in water.\\n\\nIt's grey");
    });
  });

  it('web_search does not hide a denial or a broken answer behind the sample corpus', async () => {
    expect(await run('web_search', { query: 'x' }, {})).toMatchObject({ failure: { code: 'tool_host_denied' } });
    expect(await run('web_search', { query: 'x' }, { 'https://en.wikipedia.org/': { status: 503, body: 'busy' } })).toMatchObject({ failure: { code: 'tool_failed', message: 'Wikipedia answered with status 503.' } });
    expect(await run('web_search', { query: 'x' }, { 'https://en.wikipedia.org/': { body: '<html>' } })).toMatchObject({ failure: { code: 'tool_failed' } });
  });

  it('web_fetch gives the words of a page without its menus and scripts', async () => {
    const page = `<!doctype html><html><head><title> The &amp; title </title><style>p{}</style></head><body><nav>Home About</nav><script>alert(1)</script>
      <article><h1>Heading</h1><p>First   paragraph,<br>two lines.</p><p>${'Long enough to count as the article. '.repeat(10)}</p></article><footer>Imprint</footer></body></html>`;
    const result = await run('web_fetch', { url: 'https://example.org/page' }, { 'https://example.org/': { type: 'text/html; charset=utf-8', body: page } });
    expect(result).toMatchObject({ output: { url: 'https://example.org/page', title: 'The & title', text: expect.stringMatching(/^Heading\nFirst paragraph,\ntwo lines\.\nLong enough/) } });
    expect(JSON.stringify(result)).not.toMatch(/alert|Home About|Imprint/);
  });

  it('web_fetch finds the article of a page that does not mark one', async () => {
    const words = 'The keeper counts the peacocks at noon, and writes their number into a book that nobody reads. '.repeat(4);
    const links = Array.from({ length: 40 }, (_, index) => `<li><a href="/${index}">Another story ${index}</a></li>`).join('');
    const page = `<html><head><title>Peacocks</title></head><body><div class="sidebar"><ul>${links}</ul></div><div id="content"><p>${words}</p><p>${words}</p><table><tr><td>Monday</td><td>12</td></tr></table><p>${words}</p></div><div class="comments"><p>First!</p></div></body></html>`;
    const result = await run('web_fetch', { url: 'https://example.org/' }, { 'https://example.org/': { type: 'text/html', body: page } });
    expect(result).toMatchObject({ output: { title: 'Peacocks', text: expect.stringMatching(/^The keeper[^]*Monday[^]*12[^]*The keeper/) } });
    expect(JSON.stringify(result)).not.toMatch(/Another story|First!/);
  });

  it.each([
    ['nested too deeply', '<div>'.repeat(30_000) + 'the end'],
    ['a list that never closes', `<ul>${'<li>one more'.repeat(20_000)}`],
    ['broken everywhere', '<p <b a="<i>>text</p></b></i></div></body></html><table><td><form></td><script>'.repeat(300)],
    ['longer than is taken apart', `<p>${'a word '.repeat(80_000)}</p>`],
  ])('web_fetch reads a page that is %s', async (_what, body) => {
    expect(await run('web_fetch', { url: 'https://example.org/' }, { 'https://example.org/': { type: 'text/html', body } })).toMatchObject({ output: { text: expect.stringMatching(/the end|one more|text|a word/) } });
  }, 60_000);

  it('web_fetch gives other text as it is, and says when the page is an error', async () => {
    expect(await run('web_fetch', { url: 'https://example.org/a.txt' }, { 'https://example.org/': { type: 'text/plain', body: 'plain <b>text</b>' } })).toMatchObject({ output: { text: 'plain <b>text</b>' } });
    expect(await run('web_fetch', { url: 'https://example.org/none' }, { 'https://example.org/': { status: 404, type: 'text/html', body: 'no' } })).toMatchObject({ failure: { message: 'https://example.org/none answered with status 404.' } });
  });

  it('web_research searches, reads the pages and asks the model, in one call', async () => {
    const extract = JSON.stringify({ query: { pages: { 7: { extract: 'Herons are wading birds.' } } } });
    let question = '';
    const result = await run('web_research', { query: 'heron', maxSources: 2 }, { 'https://en.wikipedia.org/w/api.php?action=query&format=json&list=search': { body: found('Heron', 'Egret') }, 'https://en.wikipedia.org/w/api.php?action=query&format=json&prop=extracts': { body: extract } }, (request) => {
      question = JSON.stringify(request);
      return { text: 'Herons wade.' };
    });
    expect(result).toMatchObject({ output: { summary: 'Herons wade.', source: 'wikipedia', sources: [{ title: 'Heron', url: 'https://en.wikipedia.org/wiki/Heron' }, { title: 'Egret' }] }, sandbox: { hostCalls: 7 } });
    expect(question).toContain('Herons are wading birds.');
  });

  it('web_research fails with the refusal of the model tier', async () => {
    const tool = tools.get('web_research');
    if (!tool) throw new Error('no web_research');
    const http: HttpExchange = async () => ({ error: { code: 'network_unreachable', message: 'no network' } });
    const model = async () => ({ error: { code: 'budget_exceeded', message: 'Workflow w1 has 10 tokens left; this call needs 700.', detail: { left: 10 } } });
    expect(await call(pool, tool, { query: 'Nimbus Robotics' }, { services: { http, model } })).toMatchObject({ failure: { code: 'budget_exceeded', message: 'Workflow w1 has 10 tokens left; this call needs 700.', detail: { left: 10 } } });
  });
});
