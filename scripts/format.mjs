/** Prints every file whose white space is not as it should be; `--fix` mends them. A light check: no formatter to install, none to fight. */
import fs from 'node:fs';
import path from 'node:path';
import { root } from './stages.mjs';

const CHECKED = /\.(ts|tsx|mjs|js|cjs|json|md|ya?ml|sh|css|html|lua|conf)$/;
const NOT_OURS = new Set(['node_modules', 'dist', '.git', '.nx', '.trivet', '.cache', 'coverage', 'results', 'package-lock.json']);

const fix = process.argv.includes('--fix');
let broken = 0;
for (const file of listFiles('.')) {
  const text = fs.readFileSync(path.join(root, file), 'utf8');
  const tidy = tidied(file, text);
  if (text === tidy) continue;
  if (fix) {
    fs.writeFileSync(path.join(root, file), tidy);
    continue;
  }
  broken += 1;
  console.error(`${file}:${firstDifference(text, tidy)} white space (line ends, trailing or double blanks, tabs, or the last line)`);
}
if (broken > 0) {
  console.error(`${broken} files; mend them with: node scripts/format.mjs --fix`);
  process.exitCode = 1;
}

function tidied(file, text) {
  let tidy = text.replaceAll('\r\n', '\n');
  // Two blanks at the end of a line mean a line break in Markdown.
  if (!file.endsWith('.md')) tidy = tidy.replaceAll(/[ \t]+$/gm, '');
  if (/\.(ts|tsx|mjs|js|cjs|json|ya?ml)$/.test(file)) tidy = tidy.replaceAll(/^\t+/gm, (tabs) => '  '.repeat(tabs.length)).replaceAll(/\n{3,}/g, '\n\n');
  return tidy === '' ? '' : `${tidy.replace(/\n+$/, '')}\n`;
}

function firstDifference(text, tidy) {
  const lines = tidy.split('\n');
  const at = text.split('\n').findIndex((line, index) => line !== lines[index]);
  return at === -1 ? text.split('\n').length : at + 1;
}

function listFiles(folder) {
  return fs.readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (NOT_OURS.has(entry.name) || entry.isSymbolicLink()) return [];
    const relative = path.posix.join(folder, entry.name);
    if (entry.isDirectory()) return listFiles(relative);
    return CHECKED.test(entry.name) ? [relative] : [];
  });
}
