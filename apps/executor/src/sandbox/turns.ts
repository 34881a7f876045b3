/**
 * How many slots may compute at the same time. A call that waits for its host gives its turn back and must get one
 * again before it goes on; those that go on come before those that begin.
 */
export class Turns {
  private taken = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly count: number,
    /** Called whenever a turn may have become free for a new call. */
    private readonly onFree: () => void,
  ) {}

  get free(): number {
    return this.waiting.length > 0 ? 0 : this.count - this.taken;
  }

  /** How many compute now. */
  get inUse(): number {
    return this.taken;
  }

  take(): void {
    this.taken += 1;
  }

  give(): void {
    this.taken -= 1;
    const next = this.waiting.shift();
    if (next) {
      this.taken += 1;
      next();
    } else {
      this.onFree();
    }
  }

  /** Resolves once there is a turn for a call that was under way; the turn is then taken. */
  again(): Promise<void> {
    if (this.free > 0) {
      this.take();
      return Promise.resolve();
    }
    return new Promise((resolve) => this.waiting.push(resolve));
  }
}
