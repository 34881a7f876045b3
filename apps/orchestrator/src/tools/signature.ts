import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { readConfigFile } from '@trivet/service';
import { signedToolText, type ToolFinding, type ToolManifest } from '@trivet/contracts';

/** The public keys of those who may sign tools; null: nobody has to. */
export type Signers = readonly KeyObject[] | null;

const PEM = /-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g;

/** @param file PEM blocks of Ed25519 public keys; undefined: tools need no signature. @throws ConfigError */
export const readSigners = (file: string | undefined): Signers => readConfigFile('TRIVET_TOOL_SIGNERS', file, readKeys) ?? null;

function readKeys(text: string): readonly KeyObject[] {
  const keys = (text.match(PEM) ?? []).map((pem) => createPublicKey(pem));
  if (keys.length > 0 && keys.every((key) => key.asymmetricKeyType === 'ed25519')) return keys;
  throw new Error(`it must hold Ed25519 public keys as PEM, and has ${keys.length} keys${keys.map((key) => `, ${key.asymmetricKeyType}`).join('')}. openssl genpkey -algorithm ed25519 -out key.pem && openssl pkey -in key.pem -pubout`);
}

/** What is wrong with the signature of an upload; null when it is good, or none is asked for. */
export function signatureFinding(signers: Signers, { manifest, digest, signature }: { manifest: ToolManifest; digest: string; signature: string | undefined }): ToolFinding | null {
  if (!signers) return null;
  const pointer = '/signature';
  if (signature === undefined) return { pointer, detail: 'is missing; this system takes only signed tools (trivet tools add --key <private key>)' };
  const bytes = Buffer.from(signature, 'base64');
  const isGood = signers.some((key) => verify(null, Buffer.from(signedToolText(digest, manifest)), key, bytes));
  return isGood ? null : { pointer, detail: `is not that of one of the ${signers.length} keys that may sign tools` };
}
