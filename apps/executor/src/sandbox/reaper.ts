import { spawn, type ChildProcess } from 'node:child_process';

/**
 * Ends the slots when this process dies, also by SIGKILL and also those that loop for ever and cannot notice. A shell
 * reads process ids from a pipe; the end of the pipe means that we are gone, and it kills what is left.
 */
const SCRIPT = `trap '' INT TERM HUP
pids=
while read -r what pid; do
  case $what in
    add) pids="$pids $pid" ;;
    drop) kept=; for p in $pids; do [ "$p" = "$pid" ] || kept="$kept $p"; done; pids=$kept ;;
  esac
done
for p in $pids; do kill -9 "$p" 2>/dev/null; done`;

export class Reaper {
  private shell: ChildProcess | null = null;
  private readonly pids = new Set<number>();
  private closed = false;

  add(pid: number): void {
    this.pids.add(pid);
    if (this.shell) this.tell(`add ${pid}`);
    else this.start();
  }

  /** Must be told as soon as a slot ended: its id may soon belong to somebody else. */
  drop(pid: number): void {
    this.pids.delete(pid);
    if (this.shell) this.tell(`drop ${pid}`);
  }

  get pid(): number | null {
    return this.shell?.pid ?? null;
  }

  async close(): Promise<void> {
    this.closed = true;
    const { shell } = this;
    if (!shell || shell.exitCode !== null) return;
    // A process that has nothing else to do waits for this one, too.
    shell.ref();
    const ended = new Promise((resolve) => shell.once('exit', resolve));
    shell.stdin?.end();
    await ended;
  }

  private start(): void {
    const shell = spawn('/bin/sh', ['-c', SCRIPT], { stdio: ['pipe', 'ignore', 'ignore'], env: {}, cwd: '/' });
    this.shell = shell;
    shell.stdin.on('error', () => undefined);
    shell.on('error', () => undefined);
    shell.on('exit', () => {
      this.shell = null;
      // Somebody ended it: the slots must not be left without one.
      if (!this.closed && this.pids.size > 0) this.start();
    });
    shell.unref();
    for (const pid of this.pids) this.tell(`add ${pid}`);
  }

  private tell(line: string): void {
    this.shell?.stdin?.write(`${line}\n`);
  }
}
