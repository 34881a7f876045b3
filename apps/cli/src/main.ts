#!/usr/bin/env node
import { endWhenReaderCloses } from './closed-reader.js';
import { runProgram } from './program.js';

endWhenReaderCloses([process.stdout, process.stderr], () => process.exit(0));

// The one place where this program reads its environment; everything below gets it as a value.
process.exitCode = await runProgram(process.argv.slice(2), { environment: process.env, stdout: process.stdout, stderr: process.stderr });
