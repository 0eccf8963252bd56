// Links to a function's archive, as GetFunction gives them: whoever has one may download for ten minutes. The link carries
// everything and is sealed, so that it needs no row and works after a restart.
import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { Random } from '../../../base/random.ts';
import type { BlobId } from '../../../blob/blobId.ts';
import { codeLocationMs } from '../limits.ts';

export interface CodeDownload {
  readonly blobId: BlobId;
  readonly fileName: string;
}

interface Content extends CodeDownload {
  readonly expiresAtMs: number;
}

const purpose = Buffer.from('haneul lambda code location');

/** A token for one archive, valid for ten minutes from `nowMs`. */
export function makeCodeToken(download: CodeDownload, nowMs: number, key: Uint8Array, random: Random): string {
  const nonce = random.bytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(purpose);
  const content: Content = { ...download, expiresAtMs: nowMs + codeLocationMs };
  const body = Buffer.concat([cipher.update(JSON.stringify(content), 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url');
}

/** What a token allows, or undefined when it is not ours or too old. */
export function openCodeToken(token: string, nowMs: number, key: Uint8Array): CodeDownload | undefined {
  const bytes = Buffer.from(token, 'base64url');
  if (bytes.length < 28 || bytes.length > 1_024) return undefined;
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 });
    decipher.setAAD(purpose);
    decipher.setAuthTag(bytes.subarray(12, 28));
    const content = JSON.parse(decipher.update(bytes.subarray(28), undefined, 'utf8') + decipher.final('utf8')) as Content;
    return content.expiresAtMs > nowMs ? { blobId: content.blobId, fileName: content.fileName } : undefined;
  } catch {
    return undefined; // Altered, or sealed by another server.
  }
}
