import { DEFAULT_TENANT, FailureError, ROLES, TENANT_HEADER, type Right, type Role } from '@trivet/contracts';
import { isOperator, type Asker } from './asker.js';

export interface Demand {
  /** `GET /api/v1/tools`: for the message. */
  route: string;
  /** undefined: nobody has said what the route needs. */
  right: Right | undefined;
  /** The tenant that the header chooses. */
  chosenTenant: string | undefined;
}

type KeyOfAsker = NonNullable<Asker['key']> & { role: Role };

/** The tenant a request with a key acts for. @throws FailureError forbidden */
export function authorize(key: KeyOfAsker, { route, right, chosenTenant }: Demand): string {
  const own = key.tenant;
  if (chosenTenant !== undefined && chosenTenant !== own && !isOperator({ role: key.role, key, tenant: own })) {
    throw new FailureError('forbidden', `The key ${key.name} is of the tenant ${own}, and the header ${TENANT_HEADER} says ${chosenTenant}.`, { hint: `Leave the header out, or use a key of ${chosenTenant}. Only an admin key of ${DEFAULT_TENANT} chooses.` });
  }
  if (right === undefined) throw new FailureError('forbidden', `Nobody has said who may ${route}, so nobody may with a key.`, { hint: 'See /openapi.json for the routes; this one is missing in contracts/src/route-rights.ts.' });
  if (right === 'operator' && !isOperator({ role: key.role, key, tenant: own })) throw tooLittle(key, route, `an admin key of the tenant ${DEFAULT_TENANT}`);
  if (right !== 'open' && right !== 'operator' && ROLES.indexOf(key.role) < ROLES.indexOf(right)) throw tooLittle(key, route, `the role ${right}`);
  return chosenTenant ?? own;
}

function tooLittle({ name, role, tenant }: KeyOfAsker, route: string, needed: string): FailureError {
  return new FailureError('forbidden', `${route} needs ${needed}; the key ${name} has the role ${role} in the tenant ${tenant}.`, { hint: 'Ask an administrator of the tenant for a key that may.' });
}
