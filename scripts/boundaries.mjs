/** Prints every broken import rule, name or size in the tree; exit 1 when there is one. Run by `npm run verify`. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { findBoundaryViolations } from './boundaries/check.mjs';

const root = process.argv[2] ? path.resolve(process.argv[2]) : path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const violations = findBoundaryViolations(root);
for (const { file, line, message } of violations) console.error(`${file}:${line} ${message}`);
if (violations.length > 0) {
  console.error(`${violations.length} broken ${violations.length === 1 ? 'rule' : 'rules'}; the tables are in scripts/boundaries/rules.mjs`);
  process.exitCode = 1;
}
