import { connectBus } from '@trivet/bus';
import { EXIT_CONFIG, ConfigError, loadConfig } from '@trivet/service';
import { DAY_MS, VARIABLES } from '../variables.js';

/** Makes the streams and durable consumers that are missing and ends: before autoscalers ask for them by name. Exit 78 for a mistake in the configuration, 1 when the bus cannot be reached. */
try {
  const { natsUrl, natsReplicas, journalMaxAgeDays } = loadConfig(VARIABLES, process.env);
  const bus = await connectBus({ url: natsUrl, name: 'bootstrap', inboxPrefix: '_INBOX_orchestrator', mayCreate: true, replicas: natsReplicas, journalMaxAgeMs: journalMaxAgeDays * DAY_MS });
  await bus.close();
  process.stdout.write('The streams and their consumers are there.\n');
} catch (error) {
  process.stderr.write(`bootstrap: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(error instanceof ConfigError ? EXIT_CONFIG : 1);
}
