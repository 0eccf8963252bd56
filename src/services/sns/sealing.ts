// Messages on their way and in archives, as they are stored. What a topic with a key says is stored under data keys of KMS.

import { createCipheriv, createDecipheriv } from 'node:crypto';
import { BoundedMap } from '../../base/boundedMap.ts';
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { decodeRecord, encodeRecord } from '../../kv/record.ts';
import type { Encryption, KeyAccess, KeyUser } from '../../ports/encryption.ts';
import { topicArn } from './domain/arns.ts';
import type { MessageContent } from './domain/draft.ts';
import type { Message } from './domain/notification.ts';
import { inOwnWords, notFound } from './errors.ts';
import type { Topic } from './topics.ts';

type Hidden = Pick<Message, 'signatures'> & { readonly content: MessageContent };

interface SealedMessage extends Omit<Message, 'content' | 'signatures'> {
  readonly hidden?: Hidden;
  readonly sealed?: Uint8Array;
  readonly key?: Uint8Array;
}

/** In whose name a key is used: a publisher's, or that of the service itself, later. */
export interface SealingCaller {
  readonly arn: string;
  readonly authorise: (access: KeyAccess) => Promise<void>;
}

export interface Sealing {
  /** A key to seal a message of this topic with; undefined when it has none. */
  keyFor(topic: Topic, caller?: SealingCaller): Promise<DataKey | undefined>;
  /** The stored form. */
  seal(message: Message, key: DataKey | undefined): Uint8Array;
  open(bytes: Uint8Array): Promise<Message>;
  /** Refuses a setting with a key that cannot be used. */
  requireKey(keyId: string, place: { readonly account: string; readonly region: string }, caller: SealingCaller): Promise<void>;
}

export interface DataKey {
  readonly plaintext: Uint8Array;
  readonly ciphertext: Uint8Array;
}

// As SQS reuses data keys: five minutes unless a queue says otherwise. SNS documents no number.
const reuseMs = 300_000;
const dataKeysMax = 1_000;

export function createSealing({ encryption, clock, random }: { readonly encryption: Encryption | undefined; readonly clock: Clock; readonly random: Random }): Sealing {
  const keys = new BoundedMap<string, DataKey & { readonly untilMs: number }>(dataKeysMax);

  async function reuse(name: string, make: (kms: Encryption) => Promise<DataKey>): Promise<DataKey> {
    const known = keys.get(name);
    if (known && known.untilMs > clock.now()) return known;
    if (!encryption) throw notFound('This server has no KMS.');
    const made = await inOwnWords(make(encryption));
    keys.set(name, { ...made, untilMs: clock.now() + reuseMs });
    return made;
  }

  return {
    async keyFor(topic, caller) {
      const keyId = topic.row.attributes['KmsMasterKeyId'];
      if (keyId === undefined || keyId === '') return undefined;
      const user = userOf(topic, caller);
      return reuse(`seal ${topic.arn} ${keyId} ${caller?.arn ?? ''}`, (kms) => kms.generateDataKey({ keyId, context: contextOf(topic.arn), user }));
    },
    seal({ content, signatures, ...rest }, key) {
      const hidden: Hidden = { content, signatures };
      if (!key) return encodeRecord({ ...rest, hidden } satisfies SealedMessage);
      const nonce = random.bytes(12);
      const cipher = createCipheriv('aes-256-gcm', key.plaintext, nonce);
      const body = Buffer.concat([cipher.update(encodeRecord(hidden)), cipher.final()]);
      return encodeRecord({ ...rest, sealed: Buffer.concat([nonce, cipher.getAuthTag(), body]), key: key.ciphertext } satisfies SealedMessage);
    },
    async open(bytes) {
      const { hidden, sealed, key: ciphertext, ...rest } = decodeRecord<SealedMessage>(bytes);
      if (hidden) return { ...rest, ...hidden };
      const text = Buffer.from(sealed ?? []);
      const encrypted = ciphertext ?? new Uint8Array();
      const { plaintext } = await reuse(`open ${Buffer.from(encrypted).toString('base64')}`, async (kms) => {
        const found = await kms.decrypt({ ciphertext: encrypted, context: contextOf(topicArn(rest.topic)), user: userOf(rest.topic, undefined) });
        return { plaintext: found.plaintext, ciphertext: encrypted };
      });
      const decipher = createDecipheriv('aes-256-gcm', plaintext, text.subarray(0, 12), { authTagLength: 16 });
      decipher.setAuthTag(text.subarray(12, 28));
      return { ...rest, ...decodeRecord<Hidden>(Buffer.concat([decipher.update(text.subarray(28)), decipher.final()])) };
    },
    async requireKey(keyId, place, caller) {
      if (!encryption) throw notFound('This server has no KMS.');
      await inOwnWords(encryption.requireKey(keyId, userOf(place, caller)));
    },
  };
}

const contextOf = (arn: string): Record<string, string> => ({ 'aws:sns:topicArn': arn });

function userOf({ account, region }: { readonly account: string; readonly region: string }, caller: SealingCaller | undefined): KeyUser {
  return { account, region, service: 'sns', ...(caller ? { authorise: caller.authorise } : {}) };
}
