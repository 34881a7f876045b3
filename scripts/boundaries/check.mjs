import fs from 'node:fs';
import path from 'node:path';
import { APPS_THAT_IMPORT_APPS, BANNED_CODE, CONTRACTS_MAY_IMPORT, FORBIDDEN_FOLDERS, HOMES, IMPURE, LIBRARY_OF_TESTS, LONGEST_FILE, MAY_READ_ENVIRONMENT, PURE_FOLDER, PURE_MAY_IMPORT, SUFFIXES } from './rules.mjs';
import { importsOf, lineAt, readings } from './source-text.mjs';

const ROOTS = ['contracts', 'libs', 'apps', 'scripts', 'bin', 'bench'];
const NOT_OURS = new Set(['node_modules', 'dist', '.nx', '.trivet', '.cache', 'coverage', 'peers', 'results', 'schemas']);
const SOURCE = /\.(ts|tsx|mjs|js|cjs)$/;
const PLUGINS = 'apps/executor/plugins/';

/** Everything in the tree that breaks a rule, as { file, line, message }. */
export function findBoundaryViolations(root) {
  const files = ROOTS.flatMap((folder) => listFiles(root, folder));
  return files.flatMap((file) => checkFile(file, fs.readFileSync(path.join(root, file), 'utf8')));
}

function listFiles(root, folder) {
  const full = path.join(root, folder);
  if (!fs.existsSync(full)) return [];
  return fs.readdirSync(full, { withFileTypes: true }).flatMap((entry) => {
    if (NOT_OURS.has(entry.name)) return [];
    const relative = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return listFiles(root, relative);
    return SOURCE.test(entry.name) ? [relative] : [];
  });
}

function checkFile(file, text) {
  const violations = [];
  const report = (line, message) => violations.push({ file, line, message });
  checkShape(file, text, report);
  // A plugin is a program of its own, in AssemblyScript or in a guest's language: only its shape is our business.
  if (file.startsWith(PLUGINS)) return violations;
  const { withoutComments, codeOnly } = readings(text);
  for (const found of importsOf(withoutComments, codeOnly)) checkImport(file, found, report);
  if (/^(contracts|libs|apps)\//.test(file)) checkCode(file, codeOnly, report);
  return violations;
}

function checkShape(file, text, report) {
  const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
  if (lines > LONGEST_FILE) report(lines, `has ${lines} lines; the limit is ${LONGEST_FILE}: it holds two ideas`);
  const folders = file.split('/').slice(0, -1);
  const forbidden = folders.find((folder) => FORBIDDEN_FOLDERS.includes(folder));
  if (forbidden) report(1, `lies in a folder called '${forbidden}'; name it after what it holds`);
  const base = path.basename(file).replace(SOURCE, '');
  const [name, ...suffix] = base.split('.');
  if (file.startsWith(PLUGINS)) return;
  if (!/^_?_?[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) report(1, `is not named in kebab-case`);
  if (suffix.length > 0 && !SUFFIXES.includes(suffix.join('.'))) report(1, `has the suffix '.${suffix.join('.')}'; there are only .${SUFFIXES.join(' .')}`);
}

function checkImport(file, { specifier, line }, report) {
  const owner = ownerOf(file);
  const isTest = isTestFile(file);
  if (specifier.startsWith('.')) {
    const target = path.posix.join(path.posix.dirname(file), specifier);
    if (!isTest && owner !== ownerOf(target) && ownerOf(target) !== undefined && owner !== undefined) report(line, `imports ${specifier} out of ${owner}; import the package`);
    if (file.startsWith(PURE_FOLDER) && !isTest && !target.startsWith(PURE_FOLDER)) report(line, `is pure, but imports ${specifier} from outside ${PURE_FOLDER}`);
    return;
  }
  if (isTest || owner === undefined) return;
  if (file.startsWith(PURE_FOLDER) && !PURE_MAY_IMPORT.test(specifier)) report(line, `is pure, but imports ${specifier}`);
  checkHome(owner, specifier, line, report);
  checkWorkspaceImport(owner, specifier, line, report);
}

function checkHome(owner, specifier, line, report) {
  if (owner === LIBRARY_OF_TESTS || owner === 'apps/e2e') return;
  const rule = HOMES.find(({ packages }) => packages.test(specifier));
  if (rule && !rule.homes.includes(owner)) report(line, `imports ${specifier}, which only ${rule.homes.join(' and ')} may`);
}

function checkWorkspaceImport(owner, specifier, line, report) {
  if (owner === 'contracts' && !CONTRACTS_MAY_IMPORT.test(specifier)) report(line, `imports ${specifier}; the contracts import zod only`);
  const name = /^@trivet\/([a-z-]+)/.exec(specifier)?.[1];
  if (name === undefined || owner === 'contracts' || owner.endsWith(`/${name}`)) return;
  if (owner === LIBRARY_OF_TESTS || name === 'contracts') return;
  const isApp = APPS.has(name);
  if (owner.startsWith('libs/')) report(line, `imports ${specifier}; a library imports the contracts only`);
  else if (isApp && !APPS_THAT_IMPORT_APPS.includes(owner)) report(line, `imports ${specifier}; an app imports no app`);
  else if (name === 'testing' && owner !== 'apps/e2e') report(line, `imports ${specifier}, which is for tests only`);
}

const APPS = new Set(['orchestrator', 'executor', 'model', 'dashboard', 'cli', 'one', 'e2e']);

function checkCode(file, codeOnly, report) {
  const each = (pattern, message) => {
    for (const match of codeOnly.matchAll(new RegExp(pattern.source, `${pattern.flags.replace('g', '')}g`))) report(lineAt(codeOnly, match.index), message);
  };
  for (const { pattern, what, except } of BANNED_CODE) if (!except?.test(file)) each(pattern, `has ${what}`);
  if (!MAY_READ_ENVIRONMENT.some((allowed) => allowed.test(file))) each(/\bprocess\.env\b/, 'reads process.env; take it as a value from main.ts');
  if (file.startsWith(PURE_FOLDER) && !isTestFile(file)) for (const { pattern, what } of IMPURE) each(pattern, `is pure, but ${what}`);
}

/** `contracts`, `libs/bus`, `apps/cli` …; undefined outside the workspaces. */
function ownerOf(file) {
  if (file.startsWith('contracts/')) return 'contracts';
  return /^(libs|apps)\/[^/]+(?=\/)/.exec(file)?.[0];
}

function isTestFile(file) {
  return /\.(spec|e2e)\.tsx?$/.test(file) || /\/(testing|attack|hostile|fixtures)(\/|\.ts$)/.test(file);
}
