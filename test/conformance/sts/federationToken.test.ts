// Sessions for people whom IAM does not know.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ListRolesCommand, ListUsersCommand } from '@aws-sdk/client-iam';
import { GetCallerIdentityCommand, GetFederationTokenCommand } from '@aws-sdk/client-sts';
import { createLimitedUser } from '../../support/limitedUser.ts';
import { sdkClients, type SdkClients } from '../../support/sdkClients.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

const scene = useServer();
const policyFor = (Action: string): string => JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource: '*' }] });

async function federate(by: SdkClients, Policy?: string): Promise<SdkClients> {
  const { Credentials } = await by.sts.send(new GetFederationTokenCommand({ Name: 'fred', Policy }));
  const { AccessKeyId: accessKeyId = '', SecretAccessKey: secretAccessKey = '', SessionToken: sessionToken = '' } = Credentials ?? {};
  return sdkClients(scene().server.endpoint, { accessKeyId, secretAccessKey, sessionToken });
}

suite('GetFederationToken', () => {
  test('the session may do what both its user and its policy allow', async () => {
    const user = await createLimitedUser(scene(), [{ Effect: 'Allow', Action: ['sts:GetFederationToken', 'iam:ListUsers'], Resource: '*' }]);
    const fred = await federate(user.clients, policyFor('iam:List*'));
    const { Arn, UserId } = await fred.sts.send(new GetCallerIdentityCommand({}));
    assert.deepEqual([Arn, UserId], ['arn:aws:sts::000000000000:federated-user/fred', '000000000000:fred']);
    await fred.iam.send(new ListUsersCommand({}));
    const denied = `User: ${Arn} is not authorized to perform: iam:ListRoles on resource: arn:aws:iam::000000000000:role/ because no identity-based policy allows the iam:ListRoles action`;
    await expectRefusal(fred.iam.send(new ListRolesCommand({})), { name: 'AccessDenied', status: 403, message: denied });
    await expectRefusal(federate(fred), { name: 'AccessDenied', status: 403, message: 'Cannot call GetFederationToken with session credentials' });
    fred.destroy();
  });

  test('without a policy it may do nothing by itself', async () => {
    const fred = await federate(scene().aws);
    await expectRefusal(fred.iam.send(new ListUsersCommand({})), {
      name: 'AccessDenied',
      status: 403,
      message:
        'User: arn:aws:sts::000000000000:federated-user/fred is not authorized to perform: iam:ListUsers on resource: arn:aws:iam::000000000000:user/ because no session policy allows the iam:ListUsers action',
    });
    fred.destroy();
  });
});
