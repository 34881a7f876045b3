/**
 * Safeguards of the ledger that can be taken away here, and only here, to see that the simulation notices: a check that
 * cannot fail proves nothing.
 */
export const SAFEGUARDS = ['version', 'opId', 'dueEntry', 'fence', 'epoch', 'guard'] as const;
export type Safeguard = (typeof SAFEGUARDS)[number];

/** True: taken away. */
export type Safeguards = Readonly<Partial<Record<Safeguard, boolean>>>;
