export { createLedger, type Ledger } from './ledger/ledger.js';
export { type AccountRef, accountName } from './ledger/ledger-keys.js';
export { type LimitsOptions, type WindowLimits } from './ledger/accounts.js';
export { type CrossedThreshold, type Denial, type Reservation, type ReserveAnswer } from './ledger/reserve.js';
export { type RecordedCall } from './ledger/results.js';
export { type ExpiredReservation, type ReservationState, type SettleAnswer, type Settlement, type TransitionAnswer } from './ledger/transitions.js';
