import type { AuditRow } from '@trivet/contracts';
import { askedBy } from '../access/asker.js';
import type { AuditEntry, AuditLog, LedgerClock } from '@trivet/state';
import { detailWithReason } from './reason.js';

/** The tenant that acts, and the key or the client through which it does. */
export interface Actor {
  tenant: string;
  actor: string;
}

/** Writes audit rows of this process in the order they come, many in one append when they come fast. */
export interface AuditTrail {
  /** Resolves when the row is kept. The key and the reason that the request at hand gave are added by themselves; the reason stands in the detail too. */
  record: (entry: AuditEntry) => Promise<void>;
}

/** So many rows go together at most: they have to fit in a message of the journal. */
const MOST_TOGETHER = 200;

/** @param journal keeps the rows also where they outlive Redis */
export function createAuditTrail(log: AuditLog, clock: LedgerClock, journal: (rows: readonly AuditRow[]) => void = () => undefined): AuditTrail {
  const waiting: { entry: AuditEntry; resolve: () => void; reject: (error: unknown) => void }[] = [];
  let running = false;

  async function drain(): Promise<void> {
    running = true;
    while (waiting.length > 0) {
      const batch = waiting.splice(0, MOST_TOGETHER);
      try {
        journal(await log.append(batch.map((item) => item.entry), new Date(clock.nowMs()).toISOString()));
        for (const item of batch) item.resolve();
      } catch (error) {
        for (const item of batch) item.reject(error);
      }
    }
    running = false;
  }

  return {
    record: (entry) =>
      new Promise((resolve, reject) => {
        const row = { ...askedBy(entry.actor), ...entry };
        waiting.push({ entry: { ...row, detail: detailWithReason(row.detail, row.reason ?? null) }, resolve, reject });
        if (!running) void drain();
      }),
  };
}
