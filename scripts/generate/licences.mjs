import { writeLicences } from '../supply-chain/licences.mjs';
import { readOwnPackages } from '../supply-chain/packages.mjs';

/** The list of licences of what is installed. Throws when one is not accepted. */
export const generateLicences = (workspace) => [['docs/licences.md', writeLicences(readOwnPackages(workspace))]];
