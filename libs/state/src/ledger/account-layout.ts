/**
 * How the scripts keep an account: a MessagePack list in one value under `<prefix>:total`, so that one MGET reads all accounts
 * of a call and one MSET writes them. It holds the windows that are open. One that has ended is moved to a hash
 * `<prefix>:<window>:<id>`, which is how versions before this one kept every window: an account of theirs is one whose windows
 * are all still to be fetched. Places are counted from 1, as Lua does.
 */
export const account = {
  /** The second it was opened: the clock was there. */
  openedAt: 1,
  /** The second the first of its windows ends; 0: its limits were changed, open it anew. */
  endsAt: 2,
  /** Of its days and months; '' for UTC. */
  zone: 3,
  /** When it is dropped, ms; 0: never. */
  droppedAtMs: 4,
  /** Of its windows, in their order: `:total :day:2026-11-27`. */
  names: 5,
  /** The first of its windows. */
  windows: 6,
} as const;

/** A window in its account: the second it ends (0: never), then four figures of tokens and four of cost. */
export const window = { width: 9, tokens: 1, cost: 5 } as const;

/** Of the four figures: what is used, what is held, the limit, and the limit whose threshold was told. */
export const USED = 0;
export const HELD = 1;
export const LIMIT = 2;
export const TOLD = 3;

/** In place of a limit: there is none. */
export const NONE = -1;

/**
 * How the scripts keep a reservation: a MessagePack list in one value. Versions before this one kept hashes, which are read as
 * well. From `accounts` on: the key of an account and the names of the windows that were hit, in turns.
 */
export const reservation = { state: 1, fingerprint: 2, heldTokens: 3, heldCost: 4, chargedTokens: 5, chargedCost: 6, owner: 7, endpoint: 8, model: 9, day: 10, crossed: 11, accounts: 12 } as const;
