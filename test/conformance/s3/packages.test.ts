// Functions whose package lies in a bucket.
// https://docs.aws.amazon.com/lambda/latest/api/API_FunctionCode.html

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CreateFunctionCommand, UpdateFunctionCodeCommand, waitUntilFunctionActiveV2, waitUntilFunctionUpdatedV2 } from '@aws-sdk/client-lambda';
import { PutBucketVersioningCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { invoke, uniqueName } from '../../support/functions.ts';
import { createLimitedUser } from '../../support/limitedUser.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';
import { zipFiles } from '../../support/zipFolder.ts';
import { makeBucket } from './support.ts';

const scene = useServer();
const packageOf = (answer: string): Uint8Array => zipFiles({ 'index.js': `exports.handler = async () => '${answer}';` });

test('a function is made and changed from a bucket that its maker may read', async () => {
  const { aws, roleArn } = scene();
  const Bucket = await makeBucket(aws.s3);
  await aws.s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
  const { VersionId } = await aws.s3.send(new PutObjectCommand({ Bucket, Key: 'code.zip', Body: packageOf('one') }));
  await aws.s3.send(new PutObjectCommand({ Bucket, Key: 'code.zip', Body: packageOf('two') }));
  const FunctionName = uniqueName('function');
  const settings = { FunctionName, Role: roleArn, Runtime: 'nodejs22.x' as const, Handler: 'index.handler' };
  await aws.lambda.send(new CreateFunctionCommand({ ...settings, Code: { S3Bucket: Bucket, S3Key: 'code.zip' } }));
  await waitUntilFunctionActiveV2({ client: aws.lambda, maxWaitTime: 30 }, { FunctionName });
  assert.equal((await invoke(aws.lambda, FunctionName)).payload, 'two');
  await aws.lambda.send(new UpdateFunctionCodeCommand({ FunctionName, S3Bucket: Bucket, S3Key: 'code.zip', S3ObjectVersion: VersionId }));
  await waitUntilFunctionUpdatedV2({ client: aws.lambda, maxWaitTime: 30 }, { FunctionName });
  assert.equal((await invoke(aws.lambda, FunctionName)).payload, 'one');
  await expectRefusal(aws.lambda.send(new UpdateFunctionCodeCommand({ FunctionName, S3Bucket: Bucket, S3Key: 'absent.zip' })), {
    name: 'InvalidParameterValueException',
    status: 400,
    message: 'Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist.',
  });
  const user = await createLimitedUser(scene(), [{ Effect: 'Allow', Action: 'lambda:*', Resource: '*' }]);
  await expectRefusal(user.clients.lambda.send(new UpdateFunctionCodeCommand({ FunctionName, S3Bucket: Bucket, S3Key: 'code.zip' })), { name: 'AccessDeniedException', status: 403, message: /^Your access has been denied by S3/ });
});
