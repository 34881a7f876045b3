import { rightOf } from './route-rights.js';
import { ROUTES } from './routes.js';

const named = ROUTES.map(({ method, path }) => `${method} ${path}`);

describe('what routes need', () => {
  it.each(named)('%s is said', (route) => {
    const [method = '', path = ''] = route.split(' ');
    expect(rightOf(method, path)).toBeDefined();
  });

  it('is said of no route that is not there', () => {
    expect(rightOf('DELETE', '/api/v1/audit')).toBeUndefined();
    expect(rightOf('GET', '/api/v1/secrets')).toBeUndefined();
    expect(rightOf('PATCH', '/api/v1/tools/{name}')).toBeUndefined();
  });

  it('is the same as a router writes it, and for HEAD as for GET', () => {
    expect(rightOf('PUT', '/api/v1/prompts/:name/labels/:label')).toBe('admin');
    expect(rightOf('HEAD', '/api/v1/keys')).toBe('admin');
    expect(rightOf('DELETE', '/api/v1/dead/:seq')).toBe('admin');
  });

  it('is read only where nothing changes', () => {
    expect(named.filter((route) => !route.startsWith('GET ') && rightOf(...(route.split(' ') as [string, string])) === 'read')).toEqual([]);
  });
});
