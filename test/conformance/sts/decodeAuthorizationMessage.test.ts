// Why a request was denied, from the message that the denial carries and from the server itself.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ListUsersCommand } from '@aws-sdk/client-iam';
import { DecodeAuthorizationMessageCommand } from '@aws-sdk/client-sts';
import { createLimitedUser, type LimitedUser } from '../../support/limitedUser.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

const scene = useServer();
const denyStatement = { Sid: 'NoUsers', Effect: 'Deny', Action: 'iam:ListUsers', Resource: '*' } as const;

interface DeniedRequest {
  readonly requestId: string;
  readonly encoded: string;
}

/** A denied ListUsers: the id of the request and the message that came with the refusal. */
async function denied({ clients }: LimitedUser): Promise<DeniedRequest> {
  try {
    await clients.iam.send(new ListUsersCommand({}));
  } catch (error) {
    const { $response, $metadata } = error as { $response?: { headers: Record<string, string> }; $metadata?: { requestId?: string } };
    return { requestId: $metadata?.requestId ?? '', encoded: $response?.headers['x-haneul-authorization-message'] ?? '' };
  }
  return assert.fail('the request was allowed');
}

async function decode(EncodedMessage: string): Promise<Record<string, unknown>> {
  const { DecodedMessage = '' } = await scene().aws.sts.send(new DecodeAuthorizationMessageCommand({ EncodedMessage }));
  return JSON.parse(DecodedMessage) as Record<string, unknown>;
}

async function denialsOf(requestId: string): Promise<readonly Record<string, unknown>[]> {
  const answer = await fetch(`${scene().server.endpoint}/_haneul/denials?requestId=${requestId}`);
  return ((await answer.json()) as { denials: Record<string, unknown>[] }).denials;
}

suite('DecodeAuthorizationMessage', () => {
  test('an explicit deny is told with its statement', async () => {
    const user = await createLimitedUser(scene(), [{ Effect: 'Allow', Action: '*', Resource: '*' }, denyStatement]);
    const { encoded, requestId } = await denied(user);
    const decoded = await decode(encoded);
    assert.equal(decoded['allowed'], false);
    assert.equal(decoded['explicitDeny'], true);
    assert.deepEqual(decoded['matchedStatements'], {
      items: [
        {
          statementId: 'NoUsers',
          effect: 'DENY',
          principals: { items: [] },
          principalGroups: { items: [] },
          actions: { items: [{ value: 'iam:ListUsers' }] },
          resources: { items: [{ value: '*' }] },
          conditions: { items: [] },
        },
      ],
    });
    const { action, principal } = decoded['context'] as { action: string; principal: { arn: string } };
    assert.deepEqual([action, principal.arn], ['iam:ListUsers', user.arn]);
    const [remembered] = await denialsOf(requestId);
    assert.deepEqual(remembered?.['deciding'], { policy: 'inline:only-this', layer: 'identity-based policy', index: 1, sid: 'NoUsers', statement: denyStatement });
  });

  test('a missing allow is told with the policies that were looked at', async () => {
    const { encoded, requestId } = await denied(await createLimitedUser(scene(), [{ Effect: 'Allow', Action: 'iam:GetUser', Resource: '*' }]));
    const decoded = await decode(encoded);
    assert.equal(decoded['explicitDeny'], false);
    assert.deepEqual(decoded['matchedStatements'], { items: [] });
    const [remembered] = await denialsOf(requestId);
    assert.deepEqual(remembered?.['searched'], ['inline:only-this']);
  });

  test('what this server did not seal is refused', async () => {
    const refusal = { name: 'InvalidAuthorizationMessageException', status: 400, message: 'Message is not valid' };
    for (const message of ['x', 'A'.repeat(200)]) await expectRefusal(decode(message), refusal);
  });

  test('it takes a permission', async () => {
    const user = await createLimitedUser(scene(), []);
    const { encoded } = await denied(user);
    await expectRefusal(user.clients.sts.send(new DecodeAuthorizationMessageCommand({ EncodedMessage: encoded })), {
      name: 'AccessDenied',
      status: 403,
      message: `User: ${user.arn} is not authorized to perform: sts:DecodeAuthorizationMessage because no identity-based policy allows the sts:DecodeAuthorizationMessage action`,
    });
  });
});
