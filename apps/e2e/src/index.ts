export { runChaos, type ChaosOptions, type ChaosReport } from './chaos.js';
