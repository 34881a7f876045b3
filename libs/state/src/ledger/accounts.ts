import { Amount, Window, type Account, type AccountWindow } from '@trivet/contracts';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { KEEP_ACCOUNTS_LUA, READ_ACCOUNT_LUA, READ_DAY_LUA, RETIRE_ACCOUNTS_LUA, SET_LIMITS_LUA } from './account.lua.js';
import { accountKey, accountName, accountOfLimits, limitsKey, limitsPattern, type AccountRef } from './ledger-keys.js';
import { defineScript, scanKeys } from '../redis.js';
import { UTC, type TimeZones } from './time-zones.js';

/** New limits of one window. undefined: as it is; null: lifted. */
export interface WindowLimits {
  window: Window;
  limitTokens?: number | null;
  limitNanoUsd?: number | null;
}

export interface LimitsOptions {
  /** Limits that were ever set, also lifted ones, stay; for set-up that may be repeated. */
  onlyIfAbsent?: boolean;
}

const setLimitsScript = defineScript(SET_LIMITS_LUA);
const readAccountScript = defineScript(READ_ACCOUNT_LUA);
const readDayScript = defineScript(READ_DAY_LUA);
const retireAccountsScript = defineScript(RETIRE_ACCOUNTS_LUA);
const keepAccountsScript = defineScript(KEEP_ACCOUNTS_LUA);

const Count = z.string().regex(/^-?\d+$/).transform(Number);
const Limit = z.string().transform((text) => (text === '' ? null : Amount.parse(Number(text))));
const Day = z.tuple([Count, Count]).nullable();
const Rows = z.array(z.tuple([Window, Count, Limit, Count, Count, Limit, Count, Count]));

/** The windows an account is counted in whether it is limited there or not. */
export function countedWindows(account: AccountRef): Window[] {
  return account.scope === 'session' || account.scope === 'workflow' ? ['total'] : ['total', 'day', 'month'];
}

export async function setLimits(redis: Redis, account: AccountRef, windows: readonly WindowLimits[], options: LimitsOptions = {}): Promise<void> {
  const triples = windows.flatMap(({ window, limitTokens, limitNanoUsd }) => [
    ...(limitTokens === undefined ? [] : [window, 'tokens', limitText(limitTokens)]),
    ...(limitNanoUsd === undefined ? [] : [window, 'cost', limitText(limitNanoUsd)]),
  ]);
  if (triples.length === 0) return;
  await setLimitsScript.run(redis, [accountKey(account), limitsKey(account)], [options.onlyIfAbsent ? '1' : '0', ...triples]);
}

const limitText = (limit: number | null): string => (limit === null ? 'none' : String(limit));

export async function readAccount(redis: Redis, account: AccountRef, zones: TimeZones): Promise<Account> {
  const [{ zone, calendar } = UTC] = await zones.calendars([account]);
  const rows = Rows.parse(await readAccountScript.run(redis, [accountKey(account)], [countedWindows(account).join(' '), zone, calendar]));
  return { account: accountName(account), windows: rows.map(windowOf) };
}

export async function readDay(redis: Redis, account: AccountRef, day: string): Promise<{ usedTokens: number; usedNanoUsd: number } | null> {
  const used = Day.parse(await readDayScript.run(redis, [accountKey(account)], [day]));
  return used && { usedTokens: used[0], usedNanoUsd: used[1] };
}

export async function limitedAccounts(redis: Redis): Promise<AccountRef[]> {
  const accounts: AccountRef[] = [];
  for await (const key of scanKeys(redis, limitsPattern)) {
    const account = accountOfLimits(key);
    if (account && account.scope !== 'workflow') accounts.push(account);
  }
  return accounts;
}

function windowOf([window, endsAtSeconds, limitTokens, usedTokens, heldTokens, limitNanoUsd, usedNanoUsd, heldNanoUsd]: z.infer<typeof Rows>[number]): AccountWindow {
  const resetsAt = endsAtSeconds === 0 ? null : new Date(endsAtSeconds * 1000).toISOString();
  return { window, limitTokens, usedTokens, heldTokens, limitNanoUsd, usedNanoUsd, heldNanoUsd, resetsAt };
}

export async function retireAccounts(redis: Redis, accounts: readonly AccountRef[], keepMs: number): Promise<void> {
  await retireAccountsScript.run(redis, keysOf(accounts), [String(keepMs)]);
}

export async function keepAccounts(redis: Redis, accounts: readonly AccountRef[]): Promise<void> {
  await keepAccountsScript.run(redis, keysOf(accounts), []);
}

const keysOf = (accounts: readonly AccountRef[]): string[] => accounts.flatMap((account) => [accountKey(account), limitsKey(account)]);
