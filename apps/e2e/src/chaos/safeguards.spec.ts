import { readFileSync } from 'node:fs';
import { SAFEGUARDS } from './safeguards.js';

const sourceOf = (file: string): string => readFileSync(new URL(`../../../../libs${file.replace('/dist/', '/src/').replace(/\.js$/, '.ts')}`, import.meta.url), 'utf8');

describe('a safeguard that chaos takes out', () => {
  it.each(SAFEGUARDS.flatMap(({ name, alterations = [] }) => alterations.map((alteration): [string, string, string] => [name, alteration.file, alteration.find])))('%s stands once in %s', (_name, file, find) => {
    expect(sourceOf(file).split(find)).toHaveLength(2);
  });
});
