import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestLogs } from '../testLogs.ts';

test('putDestination refuses in the words for a stream that is not there, so describeDestinations finds none', async () => {
  const { run } = createTestLogs();
  const destinationName = 'd';
  const roleArn = 'arn:aws:iam::000000000000:role/r';
  await assert.rejects(run('PutDestination', { destinationName, roleArn, targetArn: 'arn:aws:kinesis:us-east-1:000000000000:stream/s' }), { code: 'InvalidParameterException', message: /Kinesis stream/ });
  await assert.rejects(run('PutDestinationPolicy', { destinationName, accessPolicy: '{}' }), { code: 'InvalidParameterException' });
  await assert.rejects(run('DeleteDestination', { destinationName }), { code: 'ResourceNotFoundException' });
  assert.deepEqual((await run('DescribeDestinations', {})).destinations, []);
});
