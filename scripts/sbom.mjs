/**
 * npm run sbom [-- <file>]: writes the software bill of materials of what package-lock.json installs (CycloneDX 1.6, JSON); default
 * dist/sbom.cdx.json. Needs no network and no installed packages; the same lock file gives the same bytes.
 */
import fs from 'node:fs';
import path from 'node:path';
import { root } from './stages.mjs';
import { readOwnPackages } from './supply-chain/packages.mjs';
import { toSbom } from './supply-chain/sbom.mjs';

const file = path.resolve(root, process.argv[2] ?? 'dist/sbom.cdx.json');
const sbom = toSbom(readOwnPackages(root), JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')));
fs.mkdirSync(path.dirname(file), { recursive: true });
fs.writeFileSync(file, `${JSON.stringify(sbom, null, 1)}\n`);
console.log(`${path.relative(root, file)}: ${sbom.components.length} packages, ${sbom.components.filter(({ scope }) => scope === 'required').length} of them run`);
