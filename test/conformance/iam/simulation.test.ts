// The policy simulator.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  GetContextKeysForCustomPolicyCommand,
  GetContextKeysForPrincipalPolicyCommand,
  SimulateCustomPolicyCommand,
  SimulatePrincipalPolicyCommand,
} from '@aws-sdk/client-iam';
import { createLimitedUser } from '../../support/limitedUser.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

const scene = useServer();

suite('the policy simulator', () => {
  test('SimulateCustomPolicy judges as the example of its page', async () => {
    // AWS CLI reference, simulate-custom-policy, example 1: the positions are those of the page.
    const document =
      '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*","Condition":{"DateGreaterThan":{"aws:CurrentTime":"2018-08-16T12:00:00Z"}}}}';
    const { EvaluationResults, IsTruncated } = await scene().aws.iam.send(new SimulateCustomPolicyCommand({ PolicyInputList: [document], ActionNames: ['dynamodb:CreateBackup'] }));
    assert.equal(IsTruncated, false);
    assert.deepEqual(EvaluationResults, [
      {
        EvalActionName: 'dynamodb:CreateBackup',
        EvalResourceName: '*',
        EvalDecision: 'allowed',
        MatchedStatements: [
          { SourcePolicyId: 'PolicyInputList.1', SourcePolicyType: 'IAM Policy', StartPosition: { Line: 1, Column: 38 }, EndPosition: { Line: 1, Column: 167 } },
        ],
        MissingContextValues: [],
      },
    ]);
    const { ContextKeyNames } = await scene().aws.iam.send(new GetContextKeysForCustomPolicyCommand({ PolicyInputList: [document] }));
    assert.deepEqual(ContextKeyNames, ['aws:CurrentTime']);
  });

  test('SimulatePrincipalPolicy judges what is attached to a user', async () => {
    const user = await createLimitedUser(scene(), [{ Effect: 'Allow', Action: 'sqs:*', Resource: 'arn:aws:sqs:*:*:${aws:username}-*' }]);
    const name = user.arn.split('/').at(-1) ?? '';
    const queue = `arn:aws:sqs:us-east-1:000000000000:${name}-jobs`;
    const { EvaluationResults } = await scene().aws.iam.send(
      new SimulatePrincipalPolicyCommand({ PolicySourceArn: user.arn, ActionNames: ['sqs:SendMessage'], ResourceArns: [queue, 'arn:aws:sqs:us-east-1:000000000000:other'] }),
    );
    assert.deepEqual(EvaluationResults?.map(({ EvalDecision }) => EvalDecision), ['allowed', 'implicitDeny']);
    assert.deepEqual(EvaluationResults?.[0]?.ResourceSpecificResults?.map(({ EvalResourceName, EvalResourceDecision }) => [EvalResourceName, EvalResourceDecision]), [[queue, 'allowed']]);
    const { ContextKeyNames } = await scene().aws.iam.send(new GetContextKeysForPrincipalPolicyCommand({ PolicySourceArn: user.arn }));
    assert.deepEqual(ContextKeyNames, ['aws:username']);
    await expectRefusal(user.clients.iam.send(new SimulatePrincipalPolicyCommand({ PolicySourceArn: user.arn, ActionNames: ['sqs:SendMessage'] })), { name: 'AccessDenied', status: 403 });
  });
});
