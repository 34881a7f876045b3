import { z } from 'zod';
import { Reason } from './reason.js';

export const SCOPES = ['global', 'tenant', 'user', 'session', 'workflow'] as const;
export const Scope = z.enum(SCOPES).meta({ id: 'Scope', description: 'Whose account it is' });
export type Scope = z.infer<typeof Scope>;

export const WINDOWS = ['total', 'minute', 'hour', 'day', 'month'] as const;
export const Window = z.enum(WINDOWS).meta({ id: 'Window', description: 'The stretch of time a limit covers' });
export type Window = z.infer<typeof Window>;

/** The largest amount the ledger counts exactly: 2^53 − 1 tokens or nano-USD. */
export const MAX_AMOUNT = Number.MAX_SAFE_INTEGER;
export const Amount = z.number().int().min(0).max(MAX_AMOUNT);

export const NANO_USD_PER_USD = 1_000_000_000;

export const ON_EXCEED = ['stop', 'degrade', 'ask'] as const;

/** What a task may spend, as its submitter writes it. */
export const TaskBudget = z
  .strictObject({
    tokens: Amount.optional().describe('Upper bound of input and output tokens of all model calls together.'),
    costUsd: z.number().min(0).max(9_000_000).optional().describe('Upper bound of the cost of all model calls together, in USD.'),
    onExceed: z.enum(ON_EXCEED).optional().describe('What happens when a call does not fit: stop (the default), degrade to a smaller tier, or ask for approval.'),
  })
  .meta({ id: 'TaskBudget', description: 'What a task may spend' });
export type TaskBudget = z.infer<typeof TaskBudget>;

/** One window of an account. Absent limits mean: not limited. */
export const AccountWindow = z
  .object({
    window: Window,
    limitTokens: Amount.nullable(),
    usedTokens: Amount,
    heldTokens: Amount,
    limitNanoUsd: Amount.nullable(),
    usedNanoUsd: Amount,
    heldNanoUsd: Amount,
    resetsAt: z.string().nullable().describe('When the window ends (ISO 8601, UTC); null for total.'),
  })
  .meta({ id: 'AccountWindow', description: 'Limit, used and held of an account in one window' });
export type AccountWindow = z.infer<typeof AccountWindow>;

export const Account = z
  .object({ account: z.string().describe('<scope>/<id>'), windows: z.array(AccountWindow) })
  .meta({ id: 'Account', description: 'An account of the ledger' });
export type Account = z.infer<typeof Account>;

/** An account has passed 80 % of a limit, told once for a limit and window. */
export const BudgetCrossing = z
  .object({
    account: z.string().describe('<scope>/<id>'),
    window: Window,
    metric: z.enum(['tokens', 'cost']),
    limit: Amount.describe('Tokens, or nano-USD.'),
    used: Amount,
    held: Amount,
  })
  .meta({ id: 'BudgetCrossing', description: 'An account that has passed 80 % of a limit' });
export type BudgetCrossing = z.infer<typeof BudgetCrossing>;

const Charged = z.object({ attempts: z.number().int(), tokens: z.number().int(), inputTokens: z.number().int(), nanoUsd: z.number().int() });

/** The books of a day: what a vendor's bill is compared with. */
export const VendorBook = z
  .object({
    day: z.string().describe('YYYY-MM-DD, UTC: when the attempts began.'),
    vendors: z.array(
      z.object({
        endpoint: z.string(),
        model: z.string(),
        reported: Charged.describe('Charged as the vendor reported.'),
        estimated: Charged.describe('Charged as we counted, since the vendor did not say: an answer without usage, or one cut off.'),
        lapsed: Charged.describe('Charged in full, since the worker died before it could say anything.'),
      }),
    ),
    unreported: z.array(z.object({ attemptId: z.string().describe('The call id, a dot and the number of the attempt.'), endpoint: z.string(), model: z.string(), word: z.enum(['estimated', 'lapsed']), tokens: z.number().int(), nanoUsd: z.number().int() })).describe('Every charge without the vendor’s word.'),
    total: z.object({ tokens: z.number().int(), nanoUsd: z.number().int() }).describe('The sum of the above.'),
    ledger: z.object({ usedTokens: z.number().int(), usedNanoUsd: z.number().int() }).nullable().describe("The global account's day; null when it is no longer kept."),
    difference: z.object({ tokens: z.number().int(), nanoUsd: z.number().int() }).nullable().describe('Ledger less books: 0, unless Redis lost data meanwhile.'),
  })
  .meta({ id: 'VendorBook', description: 'What went to vendors on a day, against the ledger' });
export type VendorBook = z.infer<typeof VendorBook>;

/** The body of PUT /api/v1/budgets/<scope>/<id>; null lifts a limit. */
export const AccountLimits = z
  .strictObject({
    windows: z
      .array(z.strictObject({ window: Window, limitTokens: Amount.nullable().optional(), limitNanoUsd: Amount.nullable().optional() }))
      .min(1)
      .max(WINDOWS.length),
    reason: Reason.optional(),
  })
  .meta({ id: 'AccountLimits', description: 'New limits of an account' });
export type AccountLimits = z.infer<typeof AccountLimits>;

/** What a workflow's budget looks like from outside. */
export const BudgetState = z
  .object({
    limitTokens: Amount.nullable(),
    usedTokens: Amount,
    heldTokens: Amount,
    limitNanoUsd: Amount.nullable(),
    usedNanoUsd: Amount,
    heldNanoUsd: Amount,
  })
  .meta({ id: 'BudgetState', description: 'A workflow’s own account' });
export type BudgetState = z.infer<typeof BudgetState>;
