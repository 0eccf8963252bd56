import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createActionCatalogue } from '../../../policy/actionCatalogue.ts';
import { findAccessProblem } from '../../../policy/vetAccess.ts';
import { testCall } from '../../../framework/testing/testCall.ts';
import { createTestLogs } from '../testLogs.ts';
import { refused } from './refused.ts';

test('refused names what is not here, and lists nothing of it', async () => {
  const { run } = createTestLogs();
  await assert.rejects(run('AssociateKmsKey', { logGroupName: 'a', kmsKeyId: 'k' }), { code: 'InvalidParameterException', message: 'Encryption with a KMS key is not supported.' });
  await assert.rejects(run('PutDataProtectionPolicy', { logGroupIdentifier: 'a', policyDocument: '{}' }), { message: 'Data protection is not supported.' });
  await assert.rejects(run('CreateLogAnomalyDetector', { logGroupArnList: [] }), { message: 'Anomaly detection is not supported.' });
  await assert.rejects(run('PutTransformer', { logGroupIdentifier: 'a', transformerConfig: [] }), { message: 'Transformation of log events is not supported.' });
  const lists = ['DescribeAccountPolicies', 'DescribeDeliveries', 'DescribeDeliveryDestinations', 'DescribeDeliverySources', 'ListLogAnomalyDetectors', 'ListAnomalies', 'DescribeIndexPolicies', 'DescribeFieldIndexes', 'ListIntegrations', 'ListScheduledQueries'];
  for (const name of lists) {
    const { handle } = refused[name] as unknown as { handle(input: object, call: object): Promise<object> };
    assert.deepEqual(Object.values(await handle({}, testCall())), [[]], name);
  }
});

test('refused asks for permissions that AWS knows', () => {
  const catalogue = createActionCatalogue();
  for (const [name, { access }] of Object.entries(refused)) {
    const asked = (access as unknown as (input: object, call: object) => { readonly action: string; readonly resource: string })({}, testCall());
    assert.equal(findAccessProblem(asked, catalogue), undefined, name);
  }
});
