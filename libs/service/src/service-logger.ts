/** What this library needs of a logger; the telemetry library's has this form. */
export interface ServiceLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  fatal(fields: object, message: string): void;
}

/** The form of logger Nest takes, so that its own lines look like all others. Nest's chatter about modules is debug. */
export function toNestLogger(logger: ServiceLogger) {
  const forward = (level: keyof ServiceLogger) => (message: unknown, ...rest: unknown[]) => {
    const fields = { source: rest.findLast((item) => typeof item === 'string') };
    if (message instanceof Error) logger[level]({ ...fields, err: message }, message.message);
    else logger[level](fields, typeof message === 'string' ? message : JSON.stringify(message));
  };
  return { log: forward('debug'), verbose: forward('debug'), debug: forward('debug'), warn: forward('warn'), error: forward('error'), fatal: forward('fatal') };
}
