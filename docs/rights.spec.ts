import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RIGHTS, ROUTES, rightOf, type Right } from '@trivet/contracts';

const NEEDS: Readonly<Record<Right, string>> = { open: 'nothing', read: 'the role `read`', write: 'the role `write`', admin: 'the role `admin`', operator: 'the operator' };

describe('the table of rights in security.md', () => {
  const text = readFileSync(join(import.meta.dirname, 'security.md'), 'utf8');

  it.each(RIGHTS)('says what %s is needed for, as the code does', (right) => {
    const row = text.split('\n').find((line) => line.startsWith(`| ${NEEDS[right]} |`)) ?? '';
    const said = [...row.matchAll(/`((?:GET|POST|PUT|DELETE) \/[^`]+)`/g)].map(([, route]) => route);
    expect(said.toSorted()).toEqual(ROUTES.filter(({ method, path }) => rightOf(method, path) === right).map(({ method, path }) => `${method} ${path}`).toSorted());
  });
});
