import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** 256 random bits in base64url: 43 characters. */
export const newToken = (): string => randomBytes(32).toString('base64url');

export const newSecret = (): string => `trv_${newToken()}`;

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Whether two digests are the same, in the same time whatever they are. */
export function isSameDigest(left: string, right: string): boolean {
  const [one, other] = [Buffer.from(left, 'hex'), Buffer.from(right, 'hex')];
  return one.length === other.length && timingSafeEqual(one, other);
}
