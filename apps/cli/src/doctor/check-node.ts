import { isAtLeast, parseVersion, type Version } from '../launcher/server-version.js';
import type { Examination, Finding } from './examine.js';

const MINIMUM_NODE: Version = [20, 19, 0];

export async function checkNode({ nodeVersion }: Pick<Examination, 'nodeVersion'>): Promise<Finding[]> {
  const version = parseVersion(nodeVersion);
  if (version && isAtLeast(version, MINIMUM_NODE)) return [{ found: `Node ${nodeVersion}` }];
  return [{ what: `Node ${nodeVersion} is too old: Trivet needs 20.19 or newer.`, mend: 'nvm install 22, or see nodejs.org/download' }];
}
