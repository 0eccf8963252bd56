import { uuid } from '../../base/ids.ts';
import type { Logger } from '../../base/log.ts';
import type { Call } from '../../framework/context.ts';
import { createServiceAccess } from '../../framework/serviceAccess.ts';
import type { ServiceObjects, ServiceObjectQuestion } from '../../ports/serviceObjects.ts';
import { bucketArn } from './access.ts';
import { storeObject } from './objectWrites.ts';
import type { S3Deps } from './operation.ts';
import { type Bucket, findBucket, findSetting } from './store.ts';

/** Objects that services put in their own name, where the bucket's policy lets them. */
export function createServiceObjects(deps: S3Deps & { readonly log: Logger }): ServiceObjects {
  const allows = createServiceAccess();

  async function find({ bucket: name, key, action, services, sourceArn, sourceAccount, region }: ServiceObjectQuestion) {
    const found = await deps.store.read(async (tx) => {
      const bucket = await findBucket(tx, name);
      return bucket && { bucket, policy: await findSetting<{ readonly text: string }>(tx, bucket, 'policy') };
    });
    if (!found) return { verdict: { kind: 'absent' } as const };
    const resource = key === undefined ? bucketArn(name) : `${bucketArn(name)}/${key}`;
    const about = { document: found.policy?.text, action, resource, nowMs: deps.clock.now(), region };
    // What services put belongs to the bucket's owner, and the guides' policies ask for it.
    const conditions = { 'aws:SourceArn': sourceArn, 'aws:SourceAccount': sourceAccount, ...(key === undefined ? {} : { 's3:x-amz-acl': 'bucket-owner-full-control' }) };
    const allowed = services.some((service) => allows({ ...about, service, conditions }));
    const remedy = JSON.stringify({ Effect: 'Allow', Principal: { Service: services[0] }, Action: action, Resource: resource, Condition: { StringEquals: { 'aws:SourceAccount': sourceAccount } } });
    return { bucket: found.bucket, verdict: allowed ? ({ kind: 'allowed', region: found.bucket.region } as const) : ({ kind: 'denied', remedy } as const) };
  }

  return {
    may: async (question) => (await find(question)).verdict,
    async put({ contentType, body, ...object }) {
      const { bucket, verdict } = await find({ ...object, action: 's3:PutObject' });
      if (bucket && verdict.kind === 'allowed') await storeObject(deps, callOf(deps, bucket), bucket, { key: object.key, contentType, body }, async () => true);
      return verdict;
    },
  };
}

/** The request that the bucket's owner would have made: the policy has been asked. */
function callOf({ clock, random, log }: S3Deps & { readonly log: Logger }, { account, region }: Bucket): Call {
  return {
    caller: { kind: 'root', account, arn: `arn:aws:iam::${account}:root`, userId: account },
    ...{ requestId: uuid(random), account, region, nowMs: clock.now(), signal: new AbortController().signal, log, endpoint: '', sourceIp: '127.0.0.1' },
    head: { method: 'PUT', path: '/', query: '', headers: {} },
    authorise: async () => undefined,
    permits: async () => true,
  };
}
