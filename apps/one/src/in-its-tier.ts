import type { CommonConfig, ServiceDefinition, ServiceLogger } from '@trivet/service';
import { withService } from '@trivet/telemetry';

/** The same service, whose spans say which tier made them: everything it starts, it starts as that tier. */
export const inItsTier = <Config extends CommonConfig, Logger extends ServiceLogger>(definition: ServiceDefinition<Config, Logger>): ServiceDefinition<Config, Logger> => ({
  ...definition,
  start: (runtime) => withService(definition.name, () => definition.start(runtime)),
});
