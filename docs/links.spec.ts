import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const PAGES = ['CONTRIBUTING.md', 'CHANGELOG.md', ...['docs', 'docs/decisions'].flatMap((folder) => readdirSync(join(ROOT, folder)).filter((name) => name.endsWith('.md')).map((name) => `${folder}/${name}`))];

describe.each(PAGES)('%s', (page) => {
  const text = readFileSync(join(ROOT, page), 'utf8');

  it('links to pages and files that are there', () => {
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)].map(([, target = '']) => target);
    expect(links.filter((target) => !existsSync(join(ROOT, dirname(page), target)))).toEqual([]);
  });

  it('names files and folders that are there', () => {
    const paths = [...text.matchAll(/`((?:apps|libs|contracts|infra|bin|docs|scripts)\/[\w./-]+)`/g)].map(([, path = '']) => path);
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });
});

describe('decisions', () => {
  it('are numbered without gaps, each with context, decision and consequences', () => {
    const names = readdirSync(join(ROOT, 'docs/decisions')).filter((name) => name !== 'README.md').toSorted();
    names.forEach((name, index) => {
      expect(name).toMatch(new RegExp(`^${String(index + 1).padStart(4, '0')}-[a-z0-9-]+\\.md$`));
      const text = readFileSync(join(ROOT, 'docs/decisions', name), 'utf8');
      expect(text).toMatch(new RegExp(`^# ${index + 1}\\. `));
      for (const part of ['Context', 'Decision', 'Consequences']) expect(text).toContain(`**${part}.**`);
    });
    expect(names.length).toBeGreaterThan(7);
  });
});
