import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from './make-folder.js';

/** Who logs in to the bus and to Redis: the three services, and the operator's own user that creates streams and looks after them. */
export const PRINCIPALS = ['orchestrator', 'executor', 'model', 'bootstrap'] as const;
export type Principal = (typeof PRINCIPALS)[number];
/** As whom services of the team answer remote tools; on the bus alone, and only where the launcher started it. */
export const TOOLS_USER = 'tools';
export type Passwords = Readonly<Record<Principal | typeof TOOLS_USER, string>>;

/** The passwords of a data folder; made at random the first time, then kept there, readable by their owner only. */
export function readOrMakePasswords(file: string): Passwords {
  const kept = readKept(file);
  const password = (principal: keyof Passwords): string => kept[principal] ?? randomBytes(24).toString('base64url');
  const passwords: Passwords = { orchestrator: password('orchestrator'), executor: password('executor'), model: password('model'), bootstrap: password('bootstrap'), tools: password(TOOLS_USER) };
  makeFolder(dirname(file));
  writeFileSync(file, `${JSON.stringify(passwords, null, 2)}\n`, { mode: 0o600 });
  return passwords;
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function readKept(file: string): Partial<Passwords> {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
}
