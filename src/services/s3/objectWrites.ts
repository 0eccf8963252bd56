// Objects that other services put, in the name of a role: failed events of Lambda are the first.

import { createHash } from 'node:crypto';
import { hexId } from '../../base/ids.ts';
import type { Logger } from '../../base/log.ts';
import { ServiceError } from '../../base/errors.ts';
import type { Call } from '../../framework/context.ts';
import type { Transaction } from '../../kv/store.ts';
import type { RoleAccess } from '../../framework/roleAccess.ts';
import type { Delivery, DeliveryResult, DeliveryTarget, Envelope } from '../../ports/outbox.ts';
import { decodeObjectWrite, type ObjectWrite } from '../../ports/objectWrite.ts';
import { bucketArn } from './access.ts';
import { writeBody } from './bodies.ts';
import { draftObject } from './objectDraft.ts';
import type { S3Deps } from './operation.ts';
import { type Bucket, findBucket, findSetting, requireBucket } from './store.ts';
import { writeRow } from './writeObject.ts';

export interface ObjectWriteDeps extends S3Deps {
  readonly roleAccess: RoleAccess;
  readonly log: Logger;
}

/** Takes envelopes with an object in them, and hands all others on. */
export function createBucketTarget(deps: ObjectWriteDeps, others: DeliveryTarget): DeliveryTarget {
  return {
    ...others,
    async deliver(envelope, delivery) {
      const object = decodeObjectWrite(envelope.payload);
      return object ? put(deps, object, envelope, delivery) : others.deliver(envelope, delivery);
    },
  };
}

async function put(deps: ObjectWriteDeps, { key, contentType, body: bytes }: ObjectWrite, envelope: Envelope, delivery: Delivery): Promise<DeliveryResult> {
  const name = envelope.target.split(':::')[1] ?? '';
  const bucket = await deps.store.read((tx) => findBucket(tx, name));
  if (!bucket) return { kind: 'rejected', reason: 'NoSuchBucket' };
  if (!(await mayPut(deps, bucket, key, envelope.callingPrincipal))) {
    deps.log.warn('a service could not put an object', { bucket: name, key, role: envelope.callingPrincipal, action: 's3:PutObject' });
    return { kind: 'rejected', reason: 'AccessDenied' };
  }
  const call = callOf(deps, envelope, bucket, delivery);
  try {
    await storeObject(deps, call, bucket, { key, contentType, body: bytes }, (tx) => delivery.acknowledge(tx));
    return { kind: 'delivered' };
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    // A key can be enabled again.
    return { kind: 'retry', reason: error.code };
  }
}

/** Puts an object that nobody is asked for any more. `acknowledge` says whether it is still wanted. */
export async function storeObject(deps: S3Deps, call: Call, { name }: Bucket, { key, contentType, body: bytes }: ObjectWrite, acknowledge: (tx: Transaction) => Promise<boolean>): Promise<void> {
  const bucket = await deps.store.read((tx) => requireBucket(tx, name));
  const { draft, key: secret } = await draftObject(deps, call, bucket, key, { ContentType: contentType });
  const body = await writeBody(deps, pieces(bytes), bytes.length, secret);
  let kept = false;
  try {
    await deps.store.transact(async (tx) => {
      const now = await findBucket(tx, name);
      if (!(await acknowledge(tx)) || !now) return;
      body.keep(tx);
      const etag = secret ? hexId(deps.random, 32) : createHash('md5').update(bytes).digest('hex');
      await writeRow(tx, deps, call, now, key, { draft, etag, checksum: undefined, conditions: {}, event: 'ObjectCreated:Put' }, body);
      tx.afterCommit(() => (kept = true));
    });
  } finally {
    if (!kept) await body.abandon();
  }
}

async function mayPut({ store, roleAccess, clock }: ObjectWriteDeps, bucket: Bucket, key: string, roleArn: string): Promise<boolean> {
  const policy = await store.read((tx) => findSetting<{ readonly text: string }>(tx, bucket, 'policy'));
  const about = { roleArn, action: 's3:PutObject', resource: `${bucketArn(bucket.name)}/${key}`, nowMs: clock.now(), region: bucket.region };
  return roleAccess({ ...about, resourcePolicy: policy?.text });
}

/** The request that the role would have made. */
function callOf({ clock, log }: ObjectWriteDeps, { id, account, region, callingPrincipal }: Envelope, bucket: Bucket, { signal }: Delivery): Call {
  const roleName = callingPrincipal.split('/').at(-1) ?? '';
  const roleAccount = callingPrincipal.split(':')[4] ?? bucket.account;
  const arn = `arn:aws:sts::${roleAccount}:assumed-role/${roleName}/haneul`;
  return {
    caller: { kind: 'role-session', roleArn: callingPrincipal, roleName, sessionName: 'haneul', account: roleAccount, arn, userId: `${roleName}:haneul` },
    ...{ requestId: id, account, region, nowMs: clock.now(), signal, log, endpoint: '', sourceIp: '127.0.0.1' },
    head: { method: 'PUT', path: '/', query: '', headers: {} },
    // The role was asked already; what its key needs is granted with the setting.
    authorise: async () => undefined,
    permits: async () => true,
  };
}

async function* pieces(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}
