// Messages are encrypted before they are stored and opened when they are received: under a data key of KMS that is used for as long as
// the queue says (developer guide, "Key management": KmsDataKeyReusePeriodSeconds), else, with SqsManagedSseEnabled, under a key of the
// queue's own that is derived from the server's.

import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import { BoundedMap } from '../../../base/boundedMap.ts';
import type { Clock } from '../../../base/clock.ts';
import { ServiceError } from '../../../base/errors.ts';
import type { Random } from '../../../base/random.ts';
import { decodeRecord, encodeRecord } from '../../../kv/record.ts';
import type { Encryption, KeyUser } from '../../../ports/encryption.ts';
import { settingOf } from '../domain/queueAttributes.ts';
import { kmsErrors, kmsNotFound } from '../errors.ts';
import { dataKeysMax } from '../limits.ts';
import type { Queue } from '../queues.ts';
import type { Content, SealedContent } from '../store.ts';

/** Who sends or receives; absent where a service acts by itself. */
export interface SealingCaller {
  readonly arn: string;
  /** The very session: two of one name may be allowed different things by the policies they were made with. */
  readonly accessKeyId?: string | undefined;
  readonly authorise: NonNullable<KeyUser['authorise']>;
}

export interface Sealing {
  /** The content as it may be stored in `queue`. */
  seal(queue: Queue, content: Content, caller?: SealingCaller): Promise<Content | SealedContent>;
  open(queue: Queue, content: Content | SealedContent, caller?: SealingCaller): Promise<Content>;
  /** Throws unless KMS has the key that a setting names, and the caller may use it. */
  requireKey(keyId: string, place: { readonly account: string; readonly region: string }, caller: SealingCaller): Promise<void>;
}

export interface SealingDeps {
  /** Absent where there is no KMS: then its keys are refused. */
  readonly encryption: Encryption | undefined;
  /** What the keys of SSE-SQS are derived from. */
  readonly sealKey: Uint8Array;
  readonly clock: Clock;
  readonly random: Random;
}

interface CachedKey {
  readonly untilMs: number;
  readonly plaintext: Uint8Array;
  readonly ciphertext: Uint8Array;
}

const nonceBytes = 12;
const tagBytes = 16;

export function createSealing({ encryption, sealKey, clock, random }: SealingDeps): Sealing {
  const managedKeys = new BoundedMap<string, Uint8Array>(dataKeysMax);

  function managedKey(queueArn: string): Uint8Array {
    const known = managedKeys.get(queueArn);
    if (known) return known;
    const made = new Uint8Array(hkdfSync('sha256', sealKey, '', `SSE-SQS ${queueArn}`, 32));
    managedKeys.set(queueArn, made);
    return made;
  }

  const keys = new Map<string, CachedKey>();

  /** One data key for each of its users, so that nobody profits from what another one was allowed. */
  async function reuse(name: string, queue: Queue, make: (known: Encryption) => Promise<Omit<CachedKey, 'untilMs'>>): Promise<CachedKey> {
    const nowMs = clock.now();
    const known = keys.get(name);
    if (known && known.untilMs > nowMs) return known;
    if (!encryption) throw kmsNotFound('This server has no KMS.');
    const seconds = Number(settingOf(queue.row.settings, 'KmsDataKeyReusePeriodSeconds') ?? 300);
    const made = { ...(await inOwnWords(make(encryption))), untilMs: nowMs + seconds * 1_000 };
    if (keys.size >= dataKeysMax) for (const [old, { untilMs }] of keys) if (untilMs <= nowMs || keys.size >= dataKeysMax) keys.delete(old);
    keys.set(name, made);
    return made;
  }

  function encrypt(key: Uint8Array, content: Content): Uint8Array {
    const nonce = random.bytes(nonceBytes);
    const cipher = createCipheriv('aes-256-gcm', key, nonce);
    const body = Buffer.concat([cipher.update(encodeRecord(content)), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), body]);
  }

  return {
    async seal(queue, content, caller) {
      const keyId = queue.row.settings['KmsMasterKeyId'];
      if (keyId === undefined) {
        if (settingOf(queue.row.settings, 'SqsManagedSseEnabled') !== 'true') return content;
        return { sealed: encrypt(managedKey(queue.arn), content), key: managed, of: queue.arn };
      }
      const user = userOf(queue, caller);
      const key = await reuse(`send ${queue.arn} ${keyId} ${nameOf(caller)}`, queue, (kms) => kms.generateDataKey({ keyId, context: contextOf(queue.arn), user }));
      return { sealed: encrypt(key.plaintext, content), key: key.ciphertext, of: queue.arn };
    },
    async open(queue, content, caller) {
      if (!('sealed' in content)) return content;
      const { sealed, key: ciphertext, of } = content;
      if (ciphertext.length === 0) return decrypt(managedKey(of), sealed);
      const name = `receive ${Buffer.from(ciphertext).toString('base64')} ${nameOf(caller)}`;
      const { plaintext } = await reuse(name, queue, async (kms) => {
        const opened = await kms.decrypt({ ciphertext, context: contextOf(of), user: userOf(queue, caller) });
        return { plaintext: opened.plaintext, ciphertext };
      });
      return decrypt(plaintext, sealed);
    },
    async requireKey(keyId, place, caller) {
      if (!encryption) throw kmsNotFound(`The key ${keyId} cannot be used: this server has no KMS.`);
      await inOwnWords(encryption.requireKey(keyId, userOf(place, caller)));
    },
  };
}

function decrypt(key: Uint8Array, sealed: Uint8Array): Content {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes });
  decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
  return decodeRecord<Content>(Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()]));
}

// Stands where KMS's data key would, encrypted.
const managed = new Uint8Array();

const contextOf = (queueArn: string): Record<string, string> => ({ 'aws:sqs:arn': queueArn });

function nameOf(caller: SealingCaller | undefined): string {
  return caller ? `${caller.arn} ${caller.accessKeyId ?? ''}` : '';
}

function userOf({ account, region }: { readonly account: string; readonly region: string }, caller: SealingCaller | undefined): KeyUser {
  return { account, region, service: 'sqs', ...(caller ? { authorise: caller.authorise } : {}) };
}

async function inOwnWords<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const refusal = error instanceof ServiceError ? (kmsErrors as Readonly<Record<string, (typeof kmsErrors)['AccessDenied'] | undefined>>)[error.code] : undefined;
    throw refusal && error instanceof ServiceError ? refusal(error.message, error) : error;
  }
}
