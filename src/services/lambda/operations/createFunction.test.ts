import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { account, helloFunction, roleArn, withLambda, zipOf } from '../testing/testLambda.ts';
import type { TestLambda } from '../testing/testLambda.ts';

const packageFolders = async ({ codeFolder }: TestLambda): Promise<string[]> => (await readdir(codeFolder)).filter((name) => name !== 'boot');

test('CreateFunction answers every default as AWS does', async () => {
  await withLambda(async ({ call }) => {
    const { RevisionId, CodeSha256, CodeSize, RuntimeVersionConfig, ...rest } = await call('CreateFunction', helloFunction);
    assert.match(RevisionId ?? '', /^[0-9a-f-]{36}$/);
    assert.match(CodeSha256 ?? '', /^[A-Za-z0-9+/]{43}=$/);
    assert.equal(CodeSize, helloFunction.Code.ZipFile.length);
    assert.match(RuntimeVersionConfig?.RuntimeVersionArn ?? '', /^arn:aws:lambda:us-east-1::runtime:[0-9a-f]{64}$/);
    assert.deepEqual(rest, {
      FunctionName: 'hello',
      FunctionArn: `arn:aws:lambda:us-east-1:${account}:function:hello`,
      Runtime: 'nodejs22.x',
      Role: roleArn,
      Handler: 'index.handler',
      Description: '',
      Timeout: 3,
      MemorySize: 128,
      LastModified: '2026-01-01T00:00:00.000+0000',
      Version: '$LATEST',
      TracingConfig: { Mode: 'PassThrough' },
      PackageType: 'Zip',
      Architectures: ['x86_64'],
      EphemeralStorage: { Size: 512 },
      SnapStart: { ApplyOn: 'None', OptimizationStatus: 'Off' },
      LoggingConfig: { LogFormat: 'Text', LogGroup: '/aws/lambda/hello' },
      State: 'Pending',
      StateReason: 'The function is being created.',
      StateReasonCode: 'Creating',
    });
  });
});

test('CreateFunction has the interpreter fetched, and the function is Pending until it is there', async () => {
  await withLambda(async ({ call, sandbox }) => {
    sandbox.preparing.add('node 22');
    await call('CreateFunction', helloFunction);
    assert.deepEqual(sandbox.prepared, ['node 22']);
    const pending = await call('GetFunctionConfiguration', { FunctionName: 'hello' });
    assert.deepEqual([pending.State, pending.StateReasonCode, pending.LastUpdateStatus], ['Pending', 'Creating', undefined]);
    assert.equal((await call('GetFunction', { FunctionName: 'hello' })).Configuration?.State, 'Pending');
    sandbox.preparing.clear();
    const ready = await call('GetFunctionConfiguration', { FunctionName: 'hello' });
    assert.deepEqual([ready.State, ready.StateReasonCode, ready.LastUpdateStatus], ['Active', undefined, 'Successful']);
  });
});

test('UpdateFunctionConfiguration has the interpreter of a new runtime fetched', async () => {
  await withLambda(async ({ call, sandbox }) => {
    await call('CreateFunction', helloFunction);
    await call('UpdateFunctionConfiguration', { FunctionName: 'hello', Runtime: 'nodejs24.x' });
    assert.deepEqual(sandbox.prepared, ['node 22', 'node 24']);
  });
});

test('CreateFunction unpacks the package once for functions with the same code', async () => {
  await withLambda(async (bench) => {
    const first = await bench.call('CreateFunction', helloFunction);
    await bench.call('CreateFunction', { ...helloFunction, FunctionName: 'again' });
    const folder = Buffer.from(first.CodeSha256 ?? '', 'base64').toString('hex');
    assert.deepEqual(await packageFolders(bench), [folder]);
    assert.match(await readFile(join(bench.codeFolder, folder, 'index.mjs'), 'utf8'), /handler/);
  });
});

test('CreateFunction keeps environment variables unreadable in the store', async () => {
  await withLambda(async ({ call, store }) => {
    const created = await call('CreateFunction', { ...helloFunction, Environment: { Variables: { PASSWORD: 'hunter2hunter2' } } });
    assert.deepEqual(created.Environment, { Variables: { PASSWORD: 'hunter2hunter2' } });
    const rows = await store.read((tx) => tx.range({ from: new Uint8Array([0]), to: new Uint8Array([255]), limit: 1_000 }));
    assert.ok(rows.length > 0);
    for (const row of rows) assert.equal(Buffer.from(row.value).includes('hunter2'), false);
  });
});

const refusals: readonly { readonly what: string; readonly change: Record<string, unknown>; readonly code?: string; readonly message: string | RegExp }[] = [
  { what: 'a missing handler', change: { Handler: undefined }, message: 'Runtime and Handler are mandatory parameters for functions created with deployment packages.' },
  { what: 'a retired runtime', change: { Runtime: 'python3.7' }, message: /^The runtime parameter of python3\.7 is no longer supported/ },
  { what: 'no code', change: { Code: {} }, message: 'Please provide a source for function code.' },
  { what: 'an empty archive', change: { Code: { ZipFile: new Uint8Array(0) } }, message: 'Uploaded file must be a non-empty zip' },
  {
    what: 'a broken archive',
    change: { Code: { ZipFile: Buffer.from('PK no') } },
    message: 'Could not unzip uploaded file. Please check your file, then try to upload again.',
  },
  { what: 'a reserved variable', change: { Environment: { Variables: { AWS_REGION: 'x' } } }, message: /Reserved keys used in this request: AWS_REGION$/ },
  { what: 'a role that Lambda may not assume', change: { Role: `arn:aws:iam::${account}:role/stranger` }, message: 'The role defined for the function cannot be assumed by Lambda.' },
  { what: 'too little memory', change: { MemorySize: 127 }, code: 'ValidationException', message: /'memorySize' failed to satisfy constraint: Member must have value greater than or equal to 128$/ },
  { what: 'too much memory', change: { MemorySize: 10_241 }, code: 'ValidationException', message: /less than or equal to 10240$/ },
  { what: 'too long a timeout', change: { Timeout: 901 }, code: 'ValidationException', message: /less than or equal to 900$/ },
  { what: 'too long a name', change: { FunctionName: 'n'.repeat(65) }, code: 'ValidationException', message: /less than or equal to 64$/ },
  { what: 'a name in another region', change: { FunctionName: `arn:aws:lambda:eu-west-1:${account}:function:x` }, code: 'ResourceNotFoundException', message: /are not reachable in this region/ },
  { what: 'a name in another account', change: { FunctionName: '123456789012:function:x' }, code: 'AccessDeniedException', message: /is not authorized to perform: lambda:CreateFunction/ },
  { what: 'reserved tags', change: { Tags: { 'aws:mine': 'x' } }, message: /reserved prefix/ },
  ...[
    ['VpcConfig.SubnetIds', { VpcConfig: { SubnetIds: ['subnet-1'], SecurityGroupIds: ['sg-1'] } }],
    ['DeadLetterConfig.TargetArn', { DeadLetterConfig: { TargetArn: 'arn:aws:kinesis:us-east-1:000000000000:stream/s' } }],
    ['FileSystemConfigs', { FileSystemConfigs: [{ Arn: 'a', LocalMountPath: '/mnt/a' }] }],
    ['Code.ImageUri', { Code: { ImageUri: 'image' } }],
    ['Code.S3Bucket', { Code: { S3Bucket: 'bucket', S3Key: 'key' } }],
    ['PackageType', { PackageType: 'Image' }],
    ['Code.SourceKMSKeyArn', { Code: { ZipFile: zipOf(), SourceKMSKeyArn: 'arn:aws:kms:us-east-1:000000000000:key/1' } }],
    ['SomethingNew', { SomethingNew: 'x' }],
  ].map(([name, change]) => ({
    what: `the setting ${String(name)}`,
    change: change as Record<string, unknown>,
    message: new RegExp(`^Haneul does not implement the setting ${String(name)} yet\\.`),
  })),
];

for (const { what, change, code = 'InvalidParameterValueException', message } of refusals) {
  test(`CreateFunction refuses ${what} and leaves nothing behind`, async () => {
    await withLambda(async (bench) => {
      await assert.rejects(bench.call('CreateFunction', { ...helloFunction, ...change } as typeof helloFunction), { code, message });
      await assert.rejects(bench.call('GetFunction', { FunctionName: 'hello' }), { code: 'ResourceNotFoundException' });
      assert.deepEqual(await packageFolders(bench), []);
      assert.equal(bench.blobs.bodies.size, 0);
    });
  });
}

test('CreateFunction refuses a name that is taken, before it looks at the role', async () => {
  await withLambda(async ({ call, blobs }) => {
    await call('CreateFunction', helloFunction);
    const again = call('CreateFunction', { ...helloFunction, Role: `arn:aws:iam::${account}:role/stranger` });
    await assert.rejects(again, { code: 'ResourceConflictException', message: 'Function already exist: hello' });
    assert.equal(blobs.bodies.size, 1);
  });
});

test('CreateFunction creates one of two functions of the same name that arrive together', async () => {
  await withLambda(async ({ call, blobs }) => {
    const other = { ...helloFunction, Code: { ZipFile: zipOf({ 'index.mjs': '// another' }) } };
    const outcomes = await Promise.allSettled([call('CreateFunction', helloFunction), call('CreateFunction', other)]);
    assert.deepEqual(outcomes.map((outcome) => outcome.status).sort(), ['fulfilled', 'rejected']);
    assert.equal(blobs.bodies.size, 1);
  });
});

test('CreateFunction in local mode accepts a role that does not exist, and has it reported', async () => {
  await withLambda(async ({ call, missingRoles }) => {
    const wanted = [`arn:aws:iam::${account}:role/nobody`, 'arn:aws:iam::123456789012:role/tutorial'];
    for (const Role of wanted) {
      await call('CreateFunction', { ...helloFunction, FunctionName: Role.slice(Role.lastIndexOf('/') + 1), Role });
    }
    assert.deepEqual(missingRoles, wanted);
  });
});

test('CreateFunction in strict mode refuses roles that do not exist or belong to another account', async () => {
  await withLambda(
    async ({ call }) => {
      const missing = call('CreateFunction', { ...helloFunction, Role: `arn:aws:iam::${account}:role/nobody` });
      await assert.rejects(missing, { code: 'InvalidParameterValueException', message: 'The role defined for the function cannot be assumed by Lambda.' });
      const foreign = call('CreateFunction', { ...helloFunction, Role: 'arn:aws:iam::123456789012:role/tutorial' });
      await assert.rejects(foreign, { code: 'AccessDeniedException', message: 'Cross-account pass role is not allowed.' });
    },
    { localMode: false },
  );
});
