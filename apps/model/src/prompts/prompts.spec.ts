import { PROMPTS_FOLDER } from '../answering/context-for-tests.js';
import { createPromptStore, loadPrompts } from './prompt-store.js';
import { parsePrompt } from './prompt.js';
import { renderPrompt } from './render.js';

const file = (template: string, more = '', version = 1, labels = '') => `---
name: greet
version: ${version}
description: Greets.
labels: [${labels}]
input:
  type: object
  properties: { name: { type: string }, list: { type: array }, thing: {} }
  required: [name]
${more}---
${template}`;
const prompt = (template: string) => parsePrompt(file(template), 'greet.1.md');
const render = (template: string, variables: Parameters<typeof renderPrompt>[1]) => renderPrompt(prompt(template), variables)[0]?.content;

describe('a prompt', () => {
  it('fills in variables as they are, without escaping for HTML', () => {
    expect(render('Hello {{name}} & co', { name: '<b>"Ada" & O\'Neill</b>' })).toBe('Hello <b>"Ada" & O\'Neill</b> & co');
  });

  it('splits into system and user messages', () => {
    expect(renderPrompt(prompt('Be kind to {{name}}.\n---user---\nHello.'), { name: 'Ada' })).toEqual([{ role: 'system', content: 'Be kind to Ada.' }, { role: 'user', content: 'Hello.' }]);
  });

  it('shows objects and lists as JSON, and sections once for each item', () => {
    expect(render('{{thing}} {{#list}}[{{.}}]{{/list}}{{^list}}none{{/list}}', { name: 'x', thing: { a: 1 }, list: [1, 2] })).toBe('{"a":1} [1][2]');
  });

  it('never renders a value, and reaches nothing but data', () => {
    expect(render('{{name}}', { name: '{{thing}} {{constructor}} ${process.exit()}' })).toBe('{{thing}} {{constructor}} ${process.exit()}');
    expect(render('{{thing.constructor}}|{{thing.__proto__}}|{{thing.toString}}', { name: 'x', thing: {} })).toBe('||');
  });

  it('reaches no method of a list or a text, whatever it is called', () => {
    expect(render('{{list.pop}}|{{list.length}}|{{name.length}}|{{list.0}}', { name: 'x', list: ['first'] })).toBe('|||first');
  });

  it('is bounded, however sections multiply a list, also empty ones', () => {
    for (const template of ['{{#list}}{{#list}}{{#list}}x{{/list}}{{/list}}{{/list}}', '{{#list}}{{#list}}{{#list}}{{/list}}{{/list}}{{/list}}', '{{#list}}{{name}}{{/list}}']) {
      const startedAt = performance.now();
      expect(() => render(template, { name: 'n'.repeat(10_000), list: Array<number>(5_000).fill(1) })).toThrow(/which is the limit/);
      expect(performance.now() - startedAt).toBeLessThan(5_000);
    }
  });

  it('holds variables to patterns in linear time, and names what is wrong inside an object', () => {
    const strict = parsePrompt(`---\nname: strict\nversion: 1\ndescription: d\ninput:\n  type: object\n  properties:\n    text: { type: string, pattern: "^(a+)+$" }\n    thing: { type: object, required: [inner], properties: { inner: { type: string } } }\n---\n{{text}}`, 'strict.1.md');
    expect(() => renderPrompt(strict, { text: `${'a'.repeat(40)}!`, thing: {} })).toThrow(expect.objectContaining({ failure: expect.objectContaining({ message: expect.stringMatching(/'text' must match pattern.*'thing\/inner' is missing/) }) }));
  });

  it.each(['{{{name}}}', '{{&name}}', '{{> other}}', '{{=<% %>=}}', '{{nobody}}', '{{constructor}}', '{{#name}}'])('refuses the template %p when it is read', (template) => {
    expect(() => prompt(template)).toThrow(/greet\.1\.md (has the tag|uses)|Unclosed section/);
  });

  it('names every variable that is missing, surplus or of the wrong form', () => {
    expect(() => renderPrompt(prompt('{{name}}'), { nmae: 'Ada', list: 'no' })).toThrow(expect.objectContaining({
      failure: expect.objectContaining({ code: 'prompt_variables_invalid', message: expect.stringMatching(/greet@1.*'name' is missing.*'nmae' is not one it takes.*'list' must be array.*It takes: name, list, thing/) }),
    }));
  });

  it('refuses front matter with unknown fields, and a file without', () => {
    expect(() => parsePrompt(file('x', 'colour: red\n'), 'f')).toThrow('colour');
    expect(() => parsePrompt('Hello {{name}}', 'f')).toThrow('front matter');
  });
});

describe('the prompts', () => {
  const store = createPromptStore([parsePrompt(file('one', '', 1, 'production'), 'a'), parsePrompt(file('three', '', 3), 'b'), parsePrompt(file('two', '', 2, 'trial'), 'c')]);

  it.each([['greet', 1], ['greet@2', 2], ['greet@production', 1], ['greet@trial', 2], ['greet@latest', 3]])('finds %s as version %p', async (reference, version) => {
    expect((await store.find(reference)).version).toBe(version);
  });

  it('says which there are when one is not found, and never takes another', async () => {
    await expect(store.find('greet@staging')).rejects.toMatchObject({ failure: { code: 'prompt_unknown', message: "Prompt 'greet' has no version or label 'staging'; it has the versions 3, 2, 1 and the labels trial, production, latest." } });
    await expect(store.find('bye')).rejects.toThrow('there are: greet');
  });

  it('refuses two with the same version or label', () => {
    expect(() => createPromptStore([prompt('a'), prompt('b')])).toThrow('versions 1 and 1');
  });

  it('that are bundled are fit for what asks for them', async () => {
    const bundled = createPromptStore(await loadPrompts(PROMPTS_FOLDER));
    const report = await bundled.find('report@production');
    expect(renderPrompt(report, { goal: 'Acme', overview: 'It makes trivets.', funding: 'None.' })[1]?.content).toContain('It makes trivets.');
    const summarise = await bundled.find('summarise@production');
    expect(renderPrompt(summarise, { text: 'Long.' })[1]?.content).not.toContain('wants to know');
    expect(renderPrompt(summarise, { text: 'Long.', focus: 'figures' })[1]?.content).toContain('wants to know about: figures');
  });
});
