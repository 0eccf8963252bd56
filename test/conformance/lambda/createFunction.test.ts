// https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { suite, test } from 'node:test';
import { CreateRoleCommand } from '@aws-sdk/client-iam';
import { CreateFunctionCommand, GetFunctionCommand, type CreateFunctionCommandInput, type CreateFunctionCommandOutput } from '@aws-sdk/client-lambda';
import { zipSync } from 'fflate';
import { createFunction, invoke, uniqueName } from '../../support/functions.ts';
import { createLimitedUser } from '../../support/limitedUser.ts';
import { sdkClients } from '../../support/sdkClients.ts';
import { expectRefusal, type ExpectedError } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';
import { zipFiles } from '../../support/zipFolder.ts';

const scene = useServer();
const files = { 'index.js': 'exports.handler = async () => 1;' };

function create(input: Partial<CreateFunctionCommandInput>): Promise<CreateFunctionCommandOutput> {
  const { aws, roleArn } = scene();
  const whole = { FunctionName: uniqueName('made'), Runtime: 'nodejs22.x', Handler: 'index.handler', Role: roleArn, Code: { ZipFile: zipFiles(files) }, ...input };
  return aws.lambda.send(new CreateFunctionCommand(whole as CreateFunctionCommandInput));
}

function refuses(input: Partial<CreateFunctionCommandInput>, message: ExpectedError['message'], name: ExpectedError['name'] = 'InvalidParameterValueException') {
  return expectRefusal(create(input), { name, status: 400, ...(message === undefined ? {} : { message }) });
}

suite('CreateFunction: constraints', () => {
  const constraints: readonly [string, Partial<CreateFunctionCommandInput>, RegExp][] = [
    ['a name with a space', { FunctionName: 'no spaces' }, /^1 validation error detected: Value 'no spaces' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern: /],
    ['an empty name', { FunctionName: '' }, /'functionName' failed to satisfy constraint: Member must have length greater than or equal to 1/],
    ['127 MB', { MemorySize: 127 }, /^1 validation error detected: Value '127' at 'memorySize' failed to satisfy constraint: Member must have value greater than or equal to 128$/],
    ['10241 MB', { MemorySize: 10_241 }, /Value '10241' at 'memorySize' failed to satisfy constraint: Member must have value less than or equal to 10240$/],
    ['a timeout of 0 s', { Timeout: 0 }, /Value '0' at 'timeout' failed to satisfy constraint: Member must have value greater than or equal to 1$/],
    ['a timeout of 901 s', { Timeout: 901 }, /Value '901' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 900$/],
    ['a role that is no ARN', { Role: 'my-role' }, /Value 'my-role' at 'role' failed to satisfy constraint: Member must satisfy regular expression pattern: /],
    ['a description of 257 characters', { Description: 'd'.repeat(257) }, /'description' failed to satisfy constraint: Member must have length less than or equal to 256$/],
    ['a package type of no kind', { PackageType: 'Tar' as 'Zip' }, /Value 'Tar' at 'packageType' failed to satisfy constraint: Member must satisfy enum value set: \[/],
    ['/tmp of 511 MB', { EphemeralStorage: { Size: 511 } }, /Value '511' at 'ephemeralStorage\.size' failed to satisfy constraint: Member must have value greater than or equal to 512$/],
  ];
  for (const [what, input, message] of constraints) {
    test(`${what} is refused`, async () => {
      await refuses(input, message, 'ValidationException');
    });
  }
  test('every violation is told at once', async () => {
    await refuses({ MemorySize: 1, Timeout: 0 }, /^2 validation errors detected: Value '.*' at '.*' failed to satisfy constraint: .*; Value '.*' at '.*' failed/, 'ValidationException');
  });
  test('128 MB, 10240 MB, 1 s and 900 s are accepted', async () => {
    const least = await create({ MemorySize: 128, Timeout: 1 });
    const most = await create({ MemorySize: 10_240, Timeout: 900, EphemeralStorage: { Size: 10_240 } });
    assert.deepEqual([least.MemorySize, least.Timeout, most.MemorySize, most.Timeout, most.EphemeralStorage?.Size], [128, 1, 10_240, 900, 10_240]);
  });
});

suite('CreateFunction: parameters', () => {
  test('a runtime that does not exist is refused with the list of those that do', async () => {
    const error = await refuses({ Runtime: 'cobol85' as 'nodejs22.x' }, undefined);
    assert.match(error.message, /Value cobol85 at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: \[.*nodejs22\.x.*\] or be a valid ARN/);
  });
  test('a retired runtime is refused with its successor', async () => {
    await refuses({ Runtime: 'python3.6', Handler: 'app.handler' }, /^The runtime parameter of python3\.6 is no longer supported for creating or updating AWS Lambda functions\. We recommend you use .*python3\./);
  });
  test('a zip function needs runtime and handler', async () => {
    await refuses({ Runtime: undefined, Handler: undefined }, 'Runtime and Handler are mandatory parameters for functions created with deployment packages.');
  });
  test('reserved variables are refused and named', async () => {
    await refuses(
      { Environment: { Variables: { AWS_REGION: 'eu-west-1' } } },
      'Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: AWS_REGION',
    );
  });
  test('variables over 4 KB are refused', async () => {
    await refuses({ Environment: { Variables: { LONG: 'x'.repeat(4096) } } }, /^Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit\. String measured: /);
  });
  test('a variable name that no shell takes is refused', async () => {
    await refuses({ Environment: { Variables: { '1ST': 'x' } } }, /\[a-zA-Z\]\(\[a-zA-Z0-9_\]\)\+/, 'ValidationException');
  });
});

suite('CreateFunction: package', () => {
  test('what is no zip is refused', async () => {
    await refuses({ Code: { ZipFile: Buffer.from('this is not a zip archive') } }, 'Could not unzip uploaded file. Please check your file, then try to upload again.');
  });
  test('a zip cut in half is refused', async () => {
    const zip = zipFiles({ 'index.js': files['index.js'], 'more.txt': 'x'.repeat(5_000) });
    await refuses({ Code: { ZipFile: zip.slice(0, zip.length / 2) } }, 'Could not unzip uploaded file. Please check your file, then try to upload again.');
  });
  test('a zip with a damaged entry is refused', async () => {
    const zip = zipFiles({ 'index.js': `// ${'abcdefgh'.repeat(64)}` });
    zip.fill(0xff, 45, 60);
    await refuses({ Code: { ZipFile: zip } }, undefined);
  });
  test('an empty zip is refused', async () => {
    await refuses({ Code: { ZipFile: zipSync({}) } }, 'Uploaded file must be a non-empty zip');
  });
  test('paths that leave the package are refused', async () => {
    for (const name of ['../evil.js', 'a/../../evil.js', '/etc/evil']) await refuses({ Code: { ZipFile: zipFiles({ ...files, [name]: 'x' }) } }, undefined);
  });
  test('a link that leaves the package is refused', async () => {
    const link = zipSync({ 'index.js': Buffer.from(files['index.js']), secret: [Buffer.from('/etc/passwd'), { os: 3, attrs: 0o120777 << 16 }] });
    await refuses({ Code: { ZipFile: link } }, undefined);
  });
  test('a link within the package is followed', async () => {
    const { aws, roleArn } = scene();
    const zip = zipSync({ 'real/index.js': Buffer.from('exports.handler = async () => "by link";'), 'index.js': [Buffer.from('real/index.js'), { os: 3, attrs: 0o120777 << 16 }] });
    const name = await createFunction(aws.lambda, { Role: roleArn, zip });
    assert.equal((await invoke(aws.lambda, name)).payload, 'by link');
  });
  test('more than 250 MB unpacked is refused', async () => {
    // 262,144,000 bytes unzipped, all layers included (Lambda quotas, "Deployment package").
    const zip = zipSync({ 'index.js': Buffer.from(files['index.js']), 'zeros.bin': [new Uint8Array(262_144_001), { level: 1 }] });
    await refuses({ Code: { ZipFile: zip } }, 'Unzipped size must be smaller than 262144000 bytes');
  });
  test('neither code nor image is refused', async () => {
    await refuses({ Code: {} }, undefined, /^(InvalidParameterValueException|ValidationException)$/);
  });
});

suite('CreateFunction: role', () => {
  test('a role that Lambda may not assume is refused', async () => {
    const { aws } = scene();
    const trust = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }] };
    const made = await aws.iam.send(new CreateRoleCommand({ RoleName: uniqueName('ec2'), AssumeRolePolicyDocument: JSON.stringify(trust) }));
    await refuses({ Role: made.Role?.Arn }, 'The role defined for the function cannot be assumed by Lambda.');
  });
  test('a role that does not exist is accepted in local mode', async () => {
    // design.md §6: tutorials' roles (account 123456789012) work, with a warning in the server's log.
    const { FunctionArn } = await create({ Role: 'arn:aws:iam::123456789012:role/lambda-ex' });
    assert.match(FunctionArn ?? '', /^arn:aws:lambda:us-east-1:000000000000:function:made-/);
  });
});

suite('CreateFunction: authorisation', () => {
  test('lambda:CreateFunction is needed', async () => {
    const user = await createLimitedUser(scene(), [{ Effect: 'Allow', Action: 'iam:PassRole', Resource: '*' }]);
    await expectRefusal(createFunction(user.clients.lambda, { Role: scene().roleArn, files }), { name: 'AccessDeniedException', status: 403, message: /is not authorized to perform: lambda:CreateFunction on resource: arn:aws:lambda:us-east-1:000000000000:function:/ });
    user.clients.destroy();
  });
  test('iam:PassRole for the role is needed', async () => {
    const { roleArn } = scene();
    const user = await createLimitedUser(scene(), [{ Effect: 'Allow', Action: 'lambda:*', Resource: '*' }]);
    const error = await expectRefusal(createFunction(user.clients.lambda, { Role: roleArn, files }), { name: 'AccessDeniedException', status: 403 });
    assert.equal(error.message, `User: ${user.arn} is not authorized to perform: iam:PassRole on resource: ${roleArn} because no identity-based policy allows the iam:PassRole action`);
    user.clients.destroy();
  });
  test('both together are enough', async () => {
    const { roleArn } = scene();
    const user = await createLimitedUser(scene(), [
      { Effect: 'Allow', Action: 'lambda:*', Resource: '*' },
      { Effect: 'Allow', Action: 'iam:PassRole', Resource: roleArn, Condition: { StringEquals: { 'iam:PassedToService': 'lambda.amazonaws.com' } } },
    ]);
    const name = await createFunction(user.clients.lambda, { Role: roleArn, files });
    assert.equal((await invoke(user.clients.lambda, name)).payload, 1);
    user.clients.destroy();
  });
});

suite('CreateFunction: behaviour', () => {
  test('the answer describes the function with its defaults', async () => {
    const zip = zipFiles(files);
    const FunctionName = uniqueName('described');
    const made = await create({ FunctionName, Code: { ZipFile: zip }, Description: 'text', Environment: { Variables: { MODE: 'b' } }, Tags: { team: 'one' } });
    assert.equal(made.$metadata.httpStatusCode, 201);
    assert.equal(made.FunctionArn, `arn:aws:lambda:us-east-1:000000000000:function:${FunctionName}`);
    assert.equal(made.CodeSha256, createHash('sha256').update(zip).digest('base64'));
    assert.equal(made.CodeSize, zip.length);
    assert.match(made.LastModified ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$/);
    assert.match(made.RevisionId ?? '', /^[0-9a-f-]{36}$/);
    const { MemorySize, Timeout, Version, PackageType, Architectures, TracingConfig, EphemeralStorage, Description, Environment, SnapStart, LoggingConfig } = made;
    assert.deepEqual(
      { MemorySize, Timeout, Version, PackageType, Architectures, TracingConfig, EphemeralStorage, Description, Environment, SnapStart, LoggingConfig },
      {
        MemorySize: 128,
        Timeout: 3,
        Version: '$LATEST',
        PackageType: 'Zip',
        Architectures: ['x86_64'],
        TracingConfig: { Mode: 'PassThrough' },
        EphemeralStorage: { Size: 512 },
        Description: 'text',
        Environment: { Variables: { MODE: 'b' } },
        SnapStart: { ApplyOn: 'None', OptimizationStatus: 'Off' },
        LoggingConfig: { LogFormat: 'Text', LogGroup: `/aws/lambda/${FunctionName}` },
      },
    );
    // New functions are Pending until they can be invoked (developer guide, "Lambda function states").
    assert.match(made.State ?? '', /^(Pending|Active)$/);
  });
  test('a second function of the same name is refused', async () => {
    const FunctionName = uniqueName('twice');
    await create({ FunctionName });
    await expectRefusal(create({ FunctionName }), { name: 'ResourceConflictException', status: 409, message: `Function already exist: ${FunctionName}` });
  });
  test('regions do not see each other', async () => {
    const { aws, server, roleArn } = scene();
    const FunctionName = uniqueName('regional');
    await create({ FunctionName });
    const elsewhere = sdkClients(server.endpoint, undefined, 'eu-west-1');
    await expectRefusal(elsewhere.lambda.send(new GetFunctionCommand({ FunctionName })), { name: 'ResourceNotFoundException', status: 404 });
    const name = await createFunction(elsewhere.lambda, { FunctionName, Role: roleArn, files });
    assert.equal((await aws.lambda.send(new GetFunctionCommand({ FunctionName: name }))).Configuration?.FunctionArn, `arn:aws:lambda:us-east-1:000000000000:function:${FunctionName}`);
    elsewhere.destroy();
  });
  test('a 12-digit access key selects the account', async () => {
    const { server } = scene();
    const other = sdkClients(server.endpoint, { accessKeyId: '111122223333', secretAccessKey: 'test' });
    const FunctionName = await createFunction(other.lambda, { Role: 'arn:aws:iam::111122223333:role/any', files });
    const { Configuration } = await other.lambda.send(new GetFunctionCommand({ FunctionName }));
    assert.equal(Configuration?.FunctionArn, `arn:aws:lambda:us-east-1:111122223333:function:${FunctionName}`);
    other.destroy();
  });
  const unsupported: readonly [string, Partial<CreateFunctionCommandInput>][] = [
    ['VpcConfig', { VpcConfig: { SubnetIds: ['subnet-0a1b2c3d'], SecurityGroupIds: ['sg-0a1b2c3d'] } }],
    ['FileSystemConfigs', { FileSystemConfigs: [{ Arn: 'arn:aws:elasticfilesystem:us-east-1:000000000000:access-point/fsap-0123456789abcdef0', LocalMountPath: '/mnt/x' }] }],
    ['Layers', { Layers: ['arn:aws:lambda:us-east-1:000000000000:layer:absent:1'] }],
    ['DeadLetterConfig', { DeadLetterConfig: { TargetArn: 'arn:aws:sqs:us-east-1:000000000000:absent' } }],
  ];
  for (const [setting, input] of unsupported) {
    test(`${setting} that cannot be honoured is refused, not ignored`, async () => {
      await expectRefusal(create(input), { name: /./ });
    });
  }
});
