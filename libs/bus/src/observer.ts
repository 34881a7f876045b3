/** Is told what happens on the bus, for the metrics. Its functions may not throw. */
export interface BusObserver {
  /** A stream has acknowledged a message, so many seconds after it was handed in. */
  onPublished: (seconds: number) => void;
  /** A message of a consumer (`CALLS/executor`) came that had been delivered before. */
  onRedelivered: (consumer: string) => void;
  /** A dead letter was put aside that came from this stream. */
  onDeadLetter: (stream: string) => void;
}

export const NOBODY: BusObserver = { onPublished: () => undefined, onRedelivered: () => undefined, onDeadLetter: () => undefined };
