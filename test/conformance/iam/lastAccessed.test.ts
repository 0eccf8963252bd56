// Which of the actions that a user may use it has used.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetServiceLastAccessedDetails.html

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  CreateAccessKeyCommand,
  GenerateServiceLastAccessedDetailsCommand,
  GetAccessKeyLastUsedCommand,
  GetServiceLastAccessedDetailsCommand,
  GetServiceLastAccessedDetailsWithEntitiesCommand,
  ListUsersCommand,
} from '@aws-sdk/client-iam';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { createLimitedUser } from '../../support/limitedUser.ts';
import { sdkClients } from '../../support/sdkClients.ts';
import { useServer } from '../../support/useServer.ts';

const scene = useServer();

suite('service last accessed details', () => {
  test('tell used and unused actions of what is allowed', async () => {
    const { aws, server } = scene();
    const user = await createLimitedUser(scene(), [{ Effect: 'Allow', Action: ['iam:ListUsers', 'iam:GetUser'], Resource: '*' }]);
    await user.clients.iam.send(new ListUsersCommand({}));
    const { JobId } = await aws.iam.send(new GenerateServiceLastAccessedDetailsCommand({ Arn: user.arn, Granularity: 'ACTION_LEVEL' }));
    const { JobStatus, ServicesLastAccessed } = await aws.iam.send(new GetServiceLastAccessedDetailsCommand({ JobId }));
    assert.equal(JobStatus, 'COMPLETED');
    assert.deepEqual(
      ServicesLastAccessed?.map(({ ServiceNamespace, TrackedActionsLastAccessed }) => [ServiceNamespace, TrackedActionsLastAccessed?.map(({ ActionName, LastAccessedTime }) => [ActionName, LastAccessedTime !== undefined])]),
      [['iam', [['GetUser', false], ['ListUsers', true]]]],
    );
    const { EntityDetailsList } = await aws.iam.send(new GetServiceLastAccessedDetailsWithEntitiesCommand({ JobId, ServiceNamespace: 'iam' }));
    assert.deepEqual(EntityDetailsList?.map(({ EntityInfo }) => EntityInfo?.Arn), [user.arn]);
    const answer = await fetch(`${server.endpoint}/_haneul/access-report?principal=${encodeURIComponent(user.arn)}`);
    const { services } = (await answer.json()) as { services: { neverUsed: string[] }[] };
    assert.deepEqual(services.map(({ neverUsed }) => neverUsed), [['iam:GetUser']]);
  });

  test('GetAccessKeyLastUsed tells the service and region of the last request that a key signed', async () => {
    const { aws, server } = scene();
    const user = await createLimitedUser(scene(), []);
    const UserName = user.arn.split('/').at(-1);
    const { AccessKey: { AccessKeyId = '', SecretAccessKey = '' } = {} } = await aws.iam.send(new CreateAccessKeyCommand({ UserName }));
    assert.equal((await aws.iam.send(new GetAccessKeyLastUsedCommand({ AccessKeyId }))).AccessKeyLastUsed?.ServiceName, 'N/A');
    const clients = sdkClients(server.endpoint, { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey });
    await clients.sts.send(new GetCallerIdentityCommand({}));
    clients.destroy();
    const { UserName: owner, AccessKeyLastUsed } = await aws.iam.send(new GetAccessKeyLastUsedCommand({ AccessKeyId }));
    assert.deepEqual([owner, AccessKeyLastUsed?.ServiceName, AccessKeyLastUsed?.Region], [UserName, 'sts', 'us-east-1']);
  });
});
