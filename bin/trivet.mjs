#!/usr/bin/env node
/**
 * The front door on a fresh clone: checks Node, installs and builds what is missing, then hands over to the real CLI.
 * Plain JavaScript without dependencies, since it runs before anything is installed; syntax kept old enough for an old
 * Node to reach the line that says it is too old. Progress goes to stderr, so that stdout stays data.
 */
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const MINIMUM_NODE = [20, 19];
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const command = process.argv[2];

if (nodeIsTooOld(process.versions.node)) {
  fail('Node ' + process.versions.node + ' is too old: Trivet needs Node ' + MINIMUM_NODE.join('.') + ' or newer (nvm install 22, or see nodejs.org/download).', 1);
} else if (command === 'version' || command === '--version' || command === '-V') {
  printVersion();
} else if (isHelp(command) && !fs.existsSync(cliEntry())) {
  printShortHelp();
} else {
  // Imported only now: an old Node could not even parse it.
  import('./prepare.mjs')
    .then(function (setup) { return setup.prepare(root, function (line) { process.stderr.write(line + '\n'); }); })
    .then(handOver, function (error) { fail(error.message, 1); });
}

function nodeIsTooOld(version) {
  const parts = version.split('.').map(Number);
  return parts[0] < MINIMUM_NODE[0] || (parts[0] === MINIMUM_NODE[0] && parts[1] < MINIMUM_NODE[1]);
}

function isHelp(word) {
  return word === undefined || word === 'help' || word === '--help' || word === '-h';
}

function cliEntry() {
  return path.join(root, 'apps', 'cli', 'dist', 'main.js');
}

function handOver() {
  return import(pathToFileURL(cliEntry()).href);
}

function printVersion() {
  const version = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')).version;
  const wantsJson = process.argv.includes('json') || process.argv.includes('ndjson');
  process.stdout.write((wantsJson ? JSON.stringify({ version: version, node: process.versions.node }) : version) + '\n');
}

function printShortHelp() {
  process.stdout.write([
    'Usage: trivet <command>',
    '',
    '  demo          start everything, run the sample research task, show the result, stop',
    '  up            start NATS, Redis and the three services',
    '  doctor        say what is missing on this machine and how to mend it',
    '  run "<goal>"  submit a task and watch it',
    '  version       print the version',
    '',
    'Nothing is built yet: the first command installs and builds (about a minute); `trivet --help` then lists every command.',
    '',
  ].join('\n'));
}

function fail(message, code) {
  process.stderr.write(message + '\n');
  process.exitCode = code;
}
