export { checkDurability, connectRedis, redisTimeMs, type Durability, type Redis, type RedisOptions } from './redis.js';
export { PARTITIONS, partitionOfRef, type DueMember, type Tier, type WorkflowRef } from './keys.js';
export { createWorkflowStore, type CallToReopen, type CallToSchedule, type Change, type CommitOutcome, type StoredWorkflow, type WorkflowStore } from './workflow/workflow-store.js';
export { createJournalState, type JournalState } from './workflow/journal.js';
export { UNCLAIMED_MS, UNCONFIRMED_MS, createCallQueue, type CallQueue, type DealtCall, type Inspection } from './calls/call-queue.js';
export { createClaims, type ClaimOutcome, type Claims } from './calls/claims.js';
export { PRESENCE_TTL_MS, createPresence, keepPresence, type Presence } from './workers/presence.js';
export { MOST_BLOB_BYTES, createBlobs, type Blobs } from './blobs.js';
export { createToolCatalog, type ToolCatalog } from './tool-catalog.js';
export { createAuditLog, type AuditEntry, type AuditLog } from './audit-log.js';
export { createLedger, type Ledger } from './ledger/ledger.js';
export { type AccountRef, accountName } from './ledger/ledger-keys.js';
export { type LimitsOptions, type WindowLimits } from './ledger/accounts.js';
export { type CrossedThreshold, type Denial, type Reservation, type ReserveAnswer } from './ledger/reserve.js';
export { type RecordedCall } from './ledger/results.js';
export { type ExpiredReservation, type ReservationState, type SettleAnswer, type Settlement, type TransitionAnswer } from './ledger/transitions.js';
<<<<<<< HEAD
export { createLedgerClock, type LedgerClock } from './clock.js';
=======
>>>>>>> 29993659c1bd9d843fd3f7a4f9fe37cf270508d2
