// Service control policies, set by the operator.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { GetUserCommand, ListRolesCommand, ListUsersCommand } from '@aws-sdk/client-iam';
import { CreateBucketCommand, DeleteObjectCommand, DeleteObjectsCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { createLimitedUser } from '../../support/limitedUser.ts';
import { sdkClients } from '../../support/sdkClients.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

const scene = useServer();
const statements = (...list: object[]): object => ({ Version: '2012-10-17', Statement: list });
const allowAll = { Effect: 'Allow', Action: '*', Resource: '*' } as const;

async function setPolicies(body: object): Promise<{ status: number; content: Record<string, unknown> }> {
  const answer = await fetch(`${scene().server.endpoint}/_haneul/service-control-policies`, { method: 'POST', body: JSON.stringify(body) });
  return { status: answer.status, content: (await answer.json()) as Record<string, unknown> };
}

suite('service control policies', () => {
  test('bind users and root of every account but the exempt ones, until they are taken away', async () => {
    const { aws, server } = scene();
    const user = await createLimitedUser(scene(), [allowAll]);
    const deny = { Sid: 'NoListing', Effect: 'Deny', Action: 'iam:ListUsers', Resource: '*' };
    assert.equal((await setPolicies({ levels: [[{ name: 'guard', document: statements(allowAll, deny) }]], exemptAccounts: ['222222222222'] })).status, 200);
    const message = (arn: string): string => `User: ${arn} is not authorized to perform: iam:ListUsers on resource: arn:aws:iam::000000000000:user/ with an explicit deny in a service control policy`;
    await expectRefusal(user.clients.iam.send(new ListUsersCommand({})), { name: 'AccessDenied', status: 403, message: message(user.arn) });
    await expectRefusal(aws.iam.send(new ListUsersCommand({})), { name: 'AccessDenied', status: 403, message: message('arn:aws:iam::000000000000:root') });
    await user.clients.iam.send(new GetUserCommand({}));
    const exempt = sdkClients(server.endpoint, { accessKeyId: '222222222222', secretAccessKey: 'x' });
    await exempt.iam.send(new ListUsersCommand({}));
    exempt.destroy();
    assert.equal((await setPolicies({ levels: [] })).status, 200);
    await aws.iam.send(new ListUsersCommand({}));
  });

  test('bind root on its own buckets', async () => {
    const { s3 } = scene().aws;
    await s3.send(new CreateBucketCommand({ Bucket: 'kept-bucket' }));
    await s3.send(new PutObjectCommand({ Bucket: 'kept-bucket', Key: 'kept', Body: 'x' }));
    const deny = { Effect: 'Deny', Action: ['s3:DeleteObject', 's3:ListBucket'], Resource: '*' };
    await setPolicies({ levels: [[{ name: 'guard', document: statements(allowAll, deny) }]] });
    await expectRefusal(s3.send(new DeleteObjectCommand({ Bucket: 'kept-bucket', Key: 'kept' })), { name: 'AccessDenied', status: 403 });
    await expectRefusal(s3.send(new ListObjectsV2Command({ Bucket: 'kept-bucket' })), { name: 'AccessDenied', status: 403 });
    const { Errors } = await s3.send(new DeleteObjectsCommand({ Bucket: 'kept-bucket', Delete: { Objects: [{ Key: 'kept' }] } }));
    assert.equal(Errors?.[0]?.Code, 'AccessDenied');
    await setPolicies({ levels: [] });
    await s3.send(new DeleteObjectCommand({ Bucket: 'kept-bucket', Key: 'kept' }));
  });

  test('must allow at every level', async () => {
    const { aws } = scene();
    const onlyUsers = { Effect: 'Allow', Action: 'iam:*User*', Resource: '*' };
    await setPolicies({ levels: [[{ name: 'all', document: statements(allowAll) }], [{ name: 'users', document: statements(onlyUsers) }]] });
    await aws.iam.send(new ListUsersCommand({}));
    await expectRefusal(aws.iam.send(new ListRolesCommand({})), {
      name: 'AccessDenied',
      status: 403,
      message: 'User: arn:aws:iam::000000000000:root is not authorized to perform: iam:ListRoles on resource: arn:aws:iam::000000000000:role/ because no service control policy allows the iam:ListRoles action',
    });
    await setPolicies({ levels: [] });
  });

  test('that are none are refused', async () => {
    const { status, content } = await setPolicies({ levels: [[{ name: 'x', document: { Version: '2012-10-17' } }]] });
    assert.equal(status, 400);
    assert.match(String(content['message']), /^x: Syntax errors in policy/);
  });
});
