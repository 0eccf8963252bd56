import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import type { Caller } from '../ports/identity.ts';
import type { Authenticator } from './authenticate.ts';
import { identifySigner } from './front.ts';

const caller: Caller = { kind: 'user', account: '111111111111', arn: 'arn:aws:iam::111111111111:user/ann', userId: 'AIDAANN', userName: 'ann' };
const key = { accessKeyId: 'AKIAANN', secretAccessKey: 'secret', active: true, caller };
const deps = { credentials: { findCredential: async () => key, policiesOf: async () => ({ identity: [] }) }, trustUnknownKeys: false, defaultAccount: '', defaultRegion: 'us-east-1', wallNow: () => 0, productNow: () => 0 } as unknown as Authenticator;

function signed(service: string, forService = service) {
  const policy = Buffer.from('{}').toString('base64');
  const scope = { date: '20260101', region: 'eu-west-1', service };
  let signing: Buffer | string = `AWS4${key.secretAccessKey}`;
  for (const part of [scope.date, scope.region, forService, 'aws4_request']) signing = createHmac('sha256', signing).update(part).digest();
  return { policy, accessKeyId: key.accessKeyId, signature: createHmac('sha256', signing).update(policy).digest('hex'), sessionToken: undefined, scope };
}

test('identifySigner takes a policy that was signed for S3, and none for another service', async () => {
  assert.deepEqual((await identifySigner(signed('s3'), undefined, deps)).caller, caller);
  await assert.rejects(identifySigner(signed('sqs'), undefined, deps), { code: 'AuthorizationHeaderMalformed' });
  await assert.rejects(identifySigner(signed('s3', 'sqs'), undefined, deps), { code: 'SignatureDoesNotMatch' });
});
