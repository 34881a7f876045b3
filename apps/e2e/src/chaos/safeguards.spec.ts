import { readFileSync } from 'node:fs';
import { EXECUTOR_CODE } from './effect-tool.js';
import { SAFEGUARDS } from './safeguards.js';

const sourceOf = (file: string): string => readFileSync(new URL(`../../../../libs${file.replace('/dist/', '/src/').replace(/\.js$/, '.ts')}`, import.meta.url), 'utf8');

describe('a safeguard that chaos takes out', () => {
  it.each(SAFEGUARDS.flatMap(({ name, alterations = [] }) => alterations.map((alteration): [string, string, string] => [name, alteration.file, alteration.find])))('%s stands once in %s', (_name, file, find) => {
    expect(sourceOf(file).split(find)).toHaveLength(2);
  });
});

describe('the code of the executor that gets a tool with an effect', () => {
  it.each(Object.entries(EXECUTOR_CODE))('%s as chaos believes', (_what, code) => {
    expect(readFileSync(new URL('../../../executor/src/start.ts', import.meta.url), 'utf8').split(code)).toHaveLength(2);
  });
});
