/** A process that runs one call and ends: node one-call.mjs <module> <entry>, the input on stdin, the output on stdout. */
import { readFileSync } from 'node:fs';
import { callPlainly } from './plain-host.mjs';

const [file, entry] = process.argv.slice(2);
process.stdout.write(callPlainly(new WebAssembly.Module(readFileSync(file)), entry, readFileSync(0)));
