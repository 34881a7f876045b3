/** Something the launcher needs is not there; the message says what and, in `mend`, how to get it. */
export class LauncherError extends Error {
  override readonly name = 'LauncherError';

  constructor(message: string, readonly mend: readonly string[] = []) {
    super(message);
  }
}
