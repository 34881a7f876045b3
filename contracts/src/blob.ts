import { z } from 'zod';
import { Sha256 } from './identifier.js';

/** A value over 64 KiB travels by its digest; the value itself is a blob in Redis. */
export const BlobReference = z.object({ blob: Sha256, bytes: z.number().int().min(0) }).meta({ id: 'BlobReference', description: 'A large value by reference' });
export type BlobReference = z.infer<typeof BlobReference>;

/** Values above this travel by reference, in bytes of their JSON text. */
export const INLINE_LIMIT_BYTES = 65_536;
