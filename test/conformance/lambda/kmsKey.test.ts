// KMSKeyArn: environment variables that only a key of KMS opens.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CreateAliasCommand, CreateKeyCommand, DisableKeyCommand, EnableKeyCommand, ScheduleKeyDeletionCommand } from '@aws-sdk/client-kms';
import {
  CreateFunctionCommand,
  GetFunctionConfigurationCommand,
  ListFunctionsCommand,
  PublishVersionCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { createFunction, invoke, uniqueName } from '../../support/functions.ts';
import { createLimitedUser } from '../../support/limitedUser.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';
import { zipFiles } from '../../support/zipFolder.ts';

const folder = mkdtempSync(join(tmpdir(), 'haneul-lambda-kms-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const scene = useServer({ dataFolder: folder });
const files = { 'index.js': 'exports.handler = async () => process.env.PASSWORD ?? "none";' };

async function createKey(): Promise<string> {
  const { KeyMetadata } = await scene().aws.kms.send(new CreateKeyCommand({}));
  return KeyMetadata?.Arn ?? '';
}

const make = (KMSKeyArn: string, PASSWORD: string): Promise<string> =>
  createFunction(scene().aws.lambda, { Role: scene().roleArn, files, KMSKeyArn, Environment: { Variables: { PASSWORD } } });

test('a function sees variables that are encrypted with its key, and the data folder does not hold them', async () => {
  const { lambda } = scene().aws;
  const KMSKeyArn = await createKey();
  const FunctionName = await make(KMSKeyArn, 'variable-that-nobody-finds');
  assert.equal((await invoke(lambda, FunctionName)).payload, 'variable-that-nobody-finds');
  const told = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
  assert.deepEqual([told.KMSKeyArn, told.Environment], [KMSKeyArn, { Variables: { PASSWORD: 'variable-that-nobody-finds' } }]);
  const stored = readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((file) => statSync(file).isFile())
    .map((file) => readFileSync(file));
  assert.ok(stored.some((bytes) => bytes.includes(FunctionName)), 'the function is stored in what was read');
  assert.ok(stored.every((bytes) => !bytes.includes('variable-that-nobody-finds')));
});

test('a disabled key refuses new environments until it is enabled, and one that will be deleted refuses them too', async () => {
  const { lambda, kms } = scene().aws;
  const KeyId = await createKey();
  const FunctionName = await make(KeyId, 'one');
  await kms.send(new DisableKeyCommand({ KeyId }));
  await expectRefusal(invoke(lambda, FunctionName), {
    name: 'KMSDisabledException',
    status: 502,
    message: `Lambda was unable to decrypt the environment variables because the KMS key used is disabled. Please check the function's KMS key settings. KMS Exception: DisabledExceptionKMS Message: ${KeyId} is disabled.`,
  });
  const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
  assert.equal(Environment?.Error?.ErrorCode, 'DisabledException');
  await expectRefusal(lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables: { PASSWORD: 'x' } } })), {
    name: 'InvalidParameterValueException',
    status: 400,
    message: /^Lambda was unable to configure access to your environment variables because the KMS key used is disabled\. Please check your KMS key settings\./,
  });
  await kms.send(new EnableKeyCommand({ KeyId }));
  assert.equal((await invoke(lambda, FunctionName)).payload, 'one');
  await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Timeout: 9 }));
  await kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
  await expectRefusal(invoke(lambda, FunctionName), { name: 'KMSInvalidStateException', status: 502, message: /in an invalid state for Decrypt/ });
});

test('variables move to another key and back to the server\'s own; a version stays with the key it was published with', async () => {
  const { lambda, kms } = scene().aws;
  const [one, two] = [await createKey(), await createKey()];
  const FunctionName = await make(one, 'moved');
  await lambda.send(new PublishVersionCommand({ FunctionName }));
  const moved = await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, KMSKeyArn: two }));
  assert.deepEqual([moved.KMSKeyArn, moved.Environment?.Variables], [two, { PASSWORD: 'moved' }]);
  await kms.send(new DisableKeyCommand({ KeyId: one }));
  assert.equal((await invoke(lambda, FunctionName)).payload, 'moved');
  await expectRefusal(invoke(lambda, FunctionName, {}, { Qualifier: '1' }), { name: 'KMSDisabledException', status: 502 });
  const back = await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, KMSKeyArn: '' }));
  assert.deepEqual([back.KMSKeyArn, back.Environment?.Variables], [undefined, { PASSWORD: 'moved' }]);
  await kms.send(new DisableKeyCommand({ KeyId: two }));
  assert.equal((await invoke(lambda, FunctionName)).payload, 'moved');
});

test('who sets variables needs kms:Encrypt, who sees them kms:Decrypt, and who invokes neither', async () => {
  const KMSKeyArn = await createKey();
  const FunctionName = await make(KMSKeyArn, 'hidden');
  const plain = await createLimitedUser(scene(), [{ Effect: 'Allow', Action: 'lambda:*', Resource: '*' }]);
  const writer = await createLimitedUser(scene(), [{ Effect: 'Allow', Action: ['lambda:*', 'kms:Encrypt'], Resource: '*' }]);
  const reader = await createLimitedUser(scene(), [{ Effect: 'Allow', Action: ['lambda:*', 'kms:Decrypt'], Resource: '*', Condition: { StringEquals: { 'kms:ViaService': 'lambda.us-east-1.amazonaws.com' } } }, { Effect: 'Allow', Action: 'lambda:*', Resource: '*' }]);
  try {
    assert.equal((await invoke(plain.clients.lambda, FunctionName)).payload, 'hidden');
    const { Functions = [] } = await plain.clients.lambda.send(new ListFunctionsCommand({}));
    const error = Functions.find((listed) => listed.FunctionName === FunctionName)?.Environment?.Error;
    assert.equal(error?.ErrorCode, 'AccessDeniedException');
    assert.match(error?.Message ?? '', /^Lambda was unable to decrypt your environment variables because the KMS access was denied\. Please check your KMS permissions\. .* is not authorized to perform: kms:Decrypt on resource: /);
    const change = new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables: { PASSWORD: 'written' } } });
    await expectRefusal(plain.clients.lambda.send(change), { name: 'InvalidParameterValueException', status: 400, message: /is not authorized to perform: kms:Encrypt on resource: / });
    const written = await writer.clients.lambda.send(change);
    assert.deepEqual([written.Environment?.Variables, written.Environment?.Error?.ErrorCode], [undefined, 'AccessDeniedException']);
    await expectRefusal(writer.clients.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, KMSKeyArn: '' })), { name: 'InvalidParameterValueException', message: /kms:Decrypt/ });
    const read = await reader.clients.lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
    assert.deepEqual(read.Environment, { Variables: { PASSWORD: 'written' } });
  } finally {
    for (const user of [plain, writer, reader]) user.clients.destroy();
  }
});

test('a key that there is not and an alias are refused when the function is made', async () => {
  const { lambda, kms } = scene().aws;
  const input = { FunctionName: uniqueName('function'), Role: scene().roleArn, Runtime: 'nodejs22.x', Handler: 'index.handler', Code: { ZipFile: zipFiles(files) } } as const;
  const create = (KMSKeyArn: string) => lambda.send(new CreateFunctionCommand({ ...input, KMSKeyArn }));
  const KMSKeyArn = await createKey();
  const AliasName = `alias/${uniqueName('key')}`;
  await kms.send(new CreateAliasCommand({ AliasName, TargetKeyId: KMSKeyArn }));
  const name = 'InvalidParameterValueException';
  await expectRefusal(create(KMSKeyArn.replace(/key\/.*/, AliasName)), { name, status: 400, message: /KMS Exception: InvalidArnException KMS Message: Key Aliases are not supported for this operation\.$/ });
  await expectRefusal(create(KMSKeyArn.replace(/key\/.*/, 'key/00000000-0000-4000-8000-000000000000')), { name, status: 400, message: /invalid for CreateGrant\. .* KMS Exception: NotFoundException / });
  await expectRefusal(create('arn:aws:s3:::bucket'), { name, status: 400, message: /invalid for CreateGrant\./ });
});
