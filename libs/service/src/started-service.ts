/** A service that runs, and how it comes to rest. Each part is optional; they are called once, in this order. */
export interface StartedService {
  /** The port of its public HTTP interface, if it has one. */
  httpPort?: number;
  /** Stops taking new work: ends pulls, closes listeners. */
  stopIntake?(): Promise<void>;
  /** Resolves when no work is in flight any more. */
  idle?(): Promise<void>;
  /** Gives back what is still in flight when the drain time is over, so that another worker takes it at once. */
  handBack?(): Promise<void>;
  /** Sends what is buffered: spans, last events. */
  flush?(): Promise<void>;
  /** Closes connections. */
  close?(): Promise<void>;
}

/** Several services in one process as one: each phase of all comes before the next phase of any; closed in reverse. */
export function combineServices(services: readonly StartedService[]): StartedService {
  const all = (phase: 'stopIntake' | 'idle' | 'handBack' | 'flush') => async () => {
    await Promise.all(services.map((service) => service[phase]?.()));
  };
  const httpPort = services.find((service) => service.httpPort !== undefined)?.httpPort;
  return {
    ...(httpPort === undefined ? {} : { httpPort }),
    stopIntake: all('stopIntake'),
    idle: all('idle'),
    handBack: all('handBack'),
    flush: all('flush'),
    close: async () => {
      for (const service of services.toReversed()) await service.close?.();
    },
  };
}
