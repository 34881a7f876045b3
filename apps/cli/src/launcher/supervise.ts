import { createWriteStream, type WriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { startGuarded, type Ending, type GuardedProcess } from './guarded-process.js';
import { LauncherError } from './launcher-error.js';

/** A larger nursery: what a transition leaves behind is gone before it is looked at, a tenth less CPU under load. */
const NODE_FLAGS = ['--enable-source-maps', '--max-semi-space-size=32'];

export interface ServiceRecipe {
  name: string;
  /** The script that Node runs. */
  script: string;
  environment: Readonly<Record<string, string | undefined>>;
  /** The label of a crash point; only the first start of the service gets it (demo and tests). */
  crashAt?: string;
  logFile: string;
  /** Gets every line that the service writes. */
  onLine?: (line: ServiceLine) => void;
  /** Gets every start after the first, with what ended the one before. */
  onRestart?: (ending: Ending) => void;
}

export interface ServiceLine {
  service: string;
  text: string;
  fromStderr: boolean;
}

/** What a service tells its launcher once it serves. */
export interface Readiness {
  httpPort?: number;
  adminPort?: number;
}

/** A service that is kept running until it is stopped. */
export interface Supervised {
  readonly name: string;
  /** Undefined only in the moment between an end and the next start. */
  readonly pid: number | undefined;
  readonly restarts: number;
  /** The ports of the process that runs now; undefined until it serves. */
  readonly serving: Readiness | undefined;
  /** Resolves when the service serves for the first time; rejects when it cannot (a mistake in its configuration). */
  readonly ready: Promise<Readiness>;
  /** Resolves when the process that runs now (or starts next) serves. */
  nextReady(): Promise<Readiness>;
  kill(signal: NodeJS.Signals): void;
  /** SIGTERM, then SIGKILL after the grace period. */
  stop(graceMs?: number): Promise<void>;
}

/** sysexits EX_CONFIG: starting it again would only repeat the mistake. */
const CONFIGURATION_EXIT = 78;
const LONGEST_BACKOFF_MS = 1000;
const FIRST_BACKOFF_MS = 50;
/** A process that lived this long is not in a crash loop: it is started again at once. */
const STABLE_AFTER_MS = 3000;

/** Starts the service and starts it again whenever it ends: at once, then with a pause that grows to one second; it never gives up. */
export function supervise(recipe: ServiceRecipe): Supervised {
  return new Supervisor(recipe);
}

class Supervisor implements Supervised {
  readonly ready: Promise<Readiness>;
  restarts = 0;
  private current: GuardedProcess | undefined;
  private stopping = false;
  private quickEndings = 0;
  private pause: NodeJS.Timeout | undefined;
  private wasReady = false;
  private isReady: Readiness | undefined;
  private waiting: { resolve: (readiness: Readiness) => void; reject: (error: Error) => void }[] = [];
  private readonly log: WriteStream;

  constructor(private readonly recipe: ServiceRecipe) {
    this.log = createWriteStream(recipe.logFile, { flags: 'a' });
    this.ready = this.nextReady();
    // Whoever does not wait for it must not see an unhandled rejection.
    this.ready.catch(() => undefined);
    this.start();
  }

  get name(): string {
    return this.recipe.name;
  }

  get pid(): number | undefined {
    return this.current?.pid;
  }

  get serving(): Readiness | undefined {
    return this.isReady;
  }

  nextReady(): Promise<Readiness> {
    if (this.isReady) return Promise.resolve(this.isReady);
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  kill(signal: NodeJS.Signals): void {
    this.current?.kill(signal);
  }

  async stop(graceMs?: number): Promise<void> {
    this.stopping = true;
    clearTimeout(this.pause);
    await this.current?.stop(graceMs);
    this.settle((waiter) => waiter.reject(new LauncherError(`${this.name} was stopped`)));
    await new Promise<void>((resolve) => this.log.end(resolve));
  }

  private start(): void {
    const crashAt = this.restarts === 0 ? this.recipe.crashAt : undefined;
    const env = { ...this.recipe.environment, TRIVET_CRASH_AT: crashAt };
    const started = startGuarded(process.execPath, [...NODE_FLAGS, this.recipe.script], { env: withoutUndefined(env), ipc: true });
    const startedAt = Date.now();
    this.current = started;
    started.child.on('message', (message) => this.take(message));
    this.copyLines(started);
    void started.exited.then((ending) => this.ended(ending, Date.now() - startedAt));
  }

  private take(message: unknown): void {
    if (typeof message !== 'object' || message === null || !('ready' in message) || message.ready !== true) return;
    const readiness: Readiness = { httpPort: portIn(message, 'httpPort'), adminPort: portIn(message, 'adminPort') };
    this.isReady = readiness;
    this.wasReady = true;
    this.settle((waiter) => waiter.resolve(readiness));
  }

  private ended(ending: Ending, livedMs: number): void {
    this.current = undefined;
    this.isReady = undefined;
    if (this.stopping) return;
    if (ending.code === CONFIGURATION_EXIT && !this.wasReady) {
      this.settle((waiter) => waiter.reject(new LauncherError(`${this.name} refuses its configuration (exit 78); what it said is above and in ${this.recipe.logFile}`)));
      return;
    }
    this.quickEndings = livedMs >= STABLE_AFTER_MS ? 0 : this.quickEndings + 1;
    const pauseMs = this.quickEndings <= 1 ? 0 : Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (this.quickEndings - 2));
    this.pause = setTimeout(() => {
      this.restarts += 1;
      this.recipe.onRestart?.(ending);
      this.start();
    }, pauseMs);
  }

  private copyLines(started: GuardedProcess): void {
    for (const [stream, fromStderr] of [[started.child.stdout, false], [started.child.stderr, true]] as const) {
      if (!stream) continue;
      createInterface({ input: stream }).on('line', (text) => {
        if (!this.log.writableEnded) this.log.write(`${text}\n`);
        this.recipe.onLine?.({ service: this.name, text, fromStderr });
      });
    }
  }

  private settle(each: (waiter: { resolve: (readiness: Readiness) => void; reject: (error: Error) => void }) => void): void {
    const waiting = this.waiting;
    this.waiting = [];
    waiting.forEach(each);
  }
}

function portIn(message: object, field: string): number | undefined {
  const value: unknown = Reflect.get(message, field);
  return typeof value === 'number' ? value : undefined;
}

function withoutUndefined(record: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
