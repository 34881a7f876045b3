export { runChaos, type ChaosOptions, type ChaosReport } from './chaos/run.js';
export { formatReport, hasPassed } from './chaos/report.js';
export { SAFEGUARDS } from './chaos/safeguards.js';
