import type { Right, Role } from '@trivet/contracts';
import { authorize } from './authorize.js';

const keyOf = (tenant: string, role: Role) => ({ id: 'k1', name: 'ci', tenant, role });
const ask = (tenant: string, role: Role, right: Right | undefined, chosenTenant?: string): string => authorize(keyOf(tenant, role), { route: 'GET /x', right, chosenTenant });

describe('authorize', () => {
  it.each<[string, Role, Right]>([
    ['acme', 'read', 'open'],
    ['acme', 'read', 'read'],
    ['acme', 'write', 'read'],
    ['acme', 'write', 'write'],
    ['acme', 'admin', 'write'],
    ['acme', 'admin', 'admin'],
    ['default', 'admin', 'operator'],
  ])('lets a key of %s with the role %s do what needs %s, for its own tenant', (tenant, role, right) => {
    expect(ask(tenant, role, right)).toBe(tenant);
    expect(ask(tenant, role, right, tenant)).toBe(tenant);
  });

  it.each<[string, Role, Right]>([
    ['acme', 'read', 'write'],
    ['default', 'read', 'admin'],
    ['acme', 'write', 'admin'],
    ['acme', 'admin', 'operator'],
    ['default', 'write', 'operator'],
  ])('refuses a key of %s with the role %s what needs %s, and names both', (tenant, role, right) => {
    expect(() => ask(tenant, role, right)).toThrow(`the key ci has the role ${role} in the tenant ${tenant}`);
  });

  it('refuses everybody what nobody has ruled', () => {
    expect(() => ask('default', 'admin', undefined)).toThrow('Nobody has said who may GET /x');
  });

  it('lets only the operator act for another tenant', () => {
    expect(ask('default', 'admin', 'write', 'acme')).toBe('acme');
    for (const role of ['read', 'write'] as const) expect(() => ask('default', role, 'read', 'acme')).toThrow('says acme');
    expect(() => ask('acme', 'admin', 'read', 'default')).toThrow('is of the tenant acme');
  });
});
