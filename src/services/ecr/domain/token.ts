// What registry clients log in with, and links to layers: sealed, so that they need no row and work after a restart.
import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { Random } from '../../../base/random.ts';

export interface RegistryToken {
  readonly kind: 'login';
  /** Of the key that asked; undefined for the account's own root, whom a server in local mode takes unknown keys for. */
  readonly accessKeyId: string | undefined;
  readonly account: string;
  readonly region: string;
  readonly expiresAtMs: number;
}

export interface DownloadToken {
  readonly kind: 'download';
  readonly account: string;
  readonly region: string;
  readonly repositoryId: string;
  readonly digest: string;
  readonly expiresAtMs: number;
}

const purpose = Buffer.from('haneul ecr token');

export function sealToken(token: RegistryToken | DownloadToken, key: Uint8Array, random: Random): string {
  const nonce = random.bytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(purpose);
  const body = Buffer.concat([cipher.update(JSON.stringify(token), 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url');
}

/** What a token says, expired or not; undefined when it is not ours. */
export function openToken(text: string, key: Uint8Array): RegistryToken | DownloadToken | undefined {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length < 28 || bytes.length > 2_048) return undefined;
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 });
    decipher.setAAD(purpose);
    decipher.setAuthTag(bytes.subarray(12, 28));
    return JSON.parse(decipher.update(bytes.subarray(28), undefined, 'utf8') + decipher.final('utf8')) as RegistryToken | DownloadToken;
  } catch {
    return undefined; // Altered, or sealed by another server.
  }
}
