import { closedLoop } from '../measure.mjs';

/**
 * A peer runs in a process of its own, with its worker and driver in it, and is told over IPC how much to run:
 * { count, concurrency } → what a closed loop measured, with this process' own CPU time.
 */
export function serve(runOne, { stop }) {
  process.on('message', async (order) => {
    try {
      if (order === 'stop') {
        await stop();
        process.exit(0);
      }
      process.send({ result: await closedLoop(runOne, order) });
    } catch (error) {
      process.send({ error: String(error?.stack ?? error) });
    }
  });
  process.send('ready');
}
