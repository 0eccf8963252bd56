// Packages above a megabyte are taken apart while they arrive (src/wire/blobSieve.ts): nothing of that may show.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { suite, test } from 'node:test';
import { CreateFunctionCommand, UpdateFunctionCodeCommand } from '@aws-sdk/client-lambda';
import { invoke, uniqueName, waitUntilUpdated } from '../../support/functions.ts';
import { createLimitedUser } from '../../support/limitedUser.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';
import { zipFiles } from '../../support/zipFolder.ts';

const scene = useServer();
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('base64');

function packageOf(answer: number): Uint8Array {
  return zipFiles({ 'index.js': `exports.handler = async () => require('fs').statSync(__dirname + '/ballast').size + ${answer};`, ballast: randomBytes(3_000_000) });
}

suite('a large package', () => {
  test('is created and updated by a key whose signature covers it, and runs', async () => {
    const user = await createLimitedUser(scene(), [{ Effect: 'Allow', Action: ['lambda:*', 'iam:PassRole'], Resource: '*' }]);
    const { lambda } = user.clients;
    const FunctionName = uniqueName('large');
    const [first, second] = [packageOf(1), packageOf(2)];
    const created = await lambda.send(new CreateFunctionCommand({ FunctionName, Runtime: 'nodejs22.x', Handler: 'index.handler', Role: scene().roleArn, Description: 'a "b" \\ {', Code: { ZipFile: first } }));
    assert.deepEqual([created.CodeSha256, created.CodeSize, created.Description], [sha256(first), first.length, 'a "b" \\ {']);
    assert.equal((await invoke(lambda, FunctionName)).payload, 3_000_001);
    const updated = await lambda.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile: second, Publish: true }));
    assert.deepEqual([updated.CodeSha256, updated.Version], [sha256(second), '1']);
    await waitUntilUpdated(lambda, FunctionName);
    assert.equal((await invoke(lambda, FunctionName)).payload, 3_000_002);
    user.clients.destroy();
  });

  test('is refused under a wrong signature, without permission, and when it is none', async () => {
    const user = await createLimitedUser(scene(), []);
    const input = { FunctionName: uniqueName('large'), ZipFile: packageOf(3) };
    await expectRefusal(user.clients.lambda.send(new UpdateFunctionCodeCommand(input)), { name: 'AccessDeniedException', status: 403 });
    const forged = user.with({ secretAccessKey: 'guess' });
    await expectRefusal(forged.lambda.send(new UpdateFunctionCodeCommand(input)), { name: 'InvalidSignatureException', status: 403 });
    const { aws } = scene();
    await expectRefusal(aws.lambda.send(new UpdateFunctionCodeCommand(input)), { name: 'ResourceNotFoundException', status: 404 });
    user.clients.destroy();
    forged.destroy();
  });
});
