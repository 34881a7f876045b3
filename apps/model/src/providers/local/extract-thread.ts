import { parentPort } from 'node:worker_threads';
import { carryOut, type Assignment } from './compose.js';

/** The thread of the offline provider: one assignment in, one text out. */
parentPort?.on('message', (assignment: Assignment) => parentPort?.postMessage(carryOut(assignment)));
