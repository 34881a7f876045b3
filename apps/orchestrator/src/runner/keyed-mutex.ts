/** Runs tasks of one key one after the other, tasks of different keys side by side. */
export function createKeyedMutex(): <Result>(key: string, task: () => Promise<Result>) => Promise<Result> {
  const tails = new Map<string, Promise<unknown>>();
  return (key, task) => {
    const before = tails.get(key);
    const run = before ? before.then(task, task) : task();
    const free = (): void => {
      if (tails.get(key) === run) tails.delete(key);
    };
    tails.set(key, run);
    run.then(free, free);
    return run;
  };
}
