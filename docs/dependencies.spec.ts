import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** What the manifests say: `package` by `workspace`, one for each pair. */
function installed(): string[] {
  const folders = ['libs', 'apps'].flatMap((parent) => readdirSync(join(ROOT, parent)).map((name) => `${parent}/${name}`));
  return ['.', 'contracts', ...folders]
    .filter((folder) => existsSync(join(ROOT, folder, 'package.json')))
    .flatMap((folder) => {
      const { dependencies, devDependencies, optionalDependencies } = JSON.parse(read(`${folder}/package.json`));
      const names = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies });
      return names.filter((name) => !name.startsWith('@trivet/')).map((name) => `${name} by ${folder === '.' ? 'the workspace' : folder}`);
    });
}

const rows = [...read('docs/dependencies.md').matchAll(/^\| `([^`]+)` \| ([^|]+) \| ([^|]+) \|$/gm)].map(([, name = '', users = '', reason = '']) => ({ name, users: users.split(',').map((user) => user.trim()), reason: reason.trim() }));

describe('docs/dependencies.md', () => {
  it('lists every package with everyone who names it, and no other', () => {
    const listed = rows.filter(({ name }) => !name.startsWith('infra/')).flatMap(({ name, users }) => users.map((user) => `${name} by ${user}`));
    expect({ notListed: installed().filter((one) => !listed.includes(one)), notInstalled: listed.filter((one) => !installed().includes(one)) }).toEqual({ notListed: [], notInstalled: [] });
  });

  it('gives a reason for each, once', () => {
    expect(rows.length).toBeGreaterThan(30);
    expect(rows.filter(({ reason }) => !reason.endsWith('.')).map(({ name }) => name)).toEqual([]);
    expect(rows.map(({ name }) => name)).toEqual([...new Set(rows.map(({ name }) => name))]);
  });

  it('lists copied files that are there', () => {
    for (const { name } of rows.filter((row) => row.name.startsWith('infra/'))) expect(existsSync(join(ROOT, name))).toBe(true);
  });
});
