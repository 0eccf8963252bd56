// What else the current API offers, and in which words what is not here is refused: the list in src/services/lambda/README.md, line by line.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-codesigning.html, tenant-isolation.html, runtimes-update.html
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  AddPermissionCommand, CreateCapacityProviderCommand, CreateCodeSigningConfigCommand, CreateFunctionCommand, CreateFunctionUrlConfigCommand, DeleteCapacityProviderCommand, DeleteCodeSigningConfigCommand,
  DeleteFunctionCodeSigningConfigCommand, DeleteResourcePolicyCommand, GetCapacityProviderCommand, GetCodeSigningConfigCommand, GetFunctionCodeSigningConfigCommand, GetFunctionConfigurationCommand,
  GetFunctionScalingConfigCommand, GetPolicyCommand, GetResourcePolicyCommand, GetRuntimeManagementConfigCommand, InvokeAsyncCommand, ListCapacityProvidersCommand, ListCodeSigningConfigsCommand,
  ListFunctionsByCodeSigningConfigCommand, ListFunctionVersionsByCapacityProviderCommand, PublishVersionCommand, PutFunctionCodeSigningConfigCommand, PutFunctionScalingConfigCommand,
  PutProvisionedConcurrencyConfigCommand, PutResourcePolicyCommand, PutRuntimeManagementConfigCommand, UpdateCapacityProviderCommand, UpdateCodeSigningConfigCommand, UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { createFunction, invoke, uniqueName } from '../../support/functions.ts';
import { useServer } from '../../support/useServer.ts';
import { zipFiles } from '../../support/zipFolder.ts';

let plain = '';
const files = { 'index.mjs': 'let runs = 0;\nexport const handler = async (event, context) => ({ tenant: context.tenantId, runs: ++runs });\n' };
const scene = useServer({}, async ({ aws, roleArn }) => {
  plain = await createFunction(aws.lambda, { Role: roleArn, files });
  await aws.lambda.send(new PublishVersionCommand({ FunctionName: plain }));
});
const lambda = () => scene().aws.lambda;
const ZipFile = zipFiles(files);
const functionArn = (name: string): string => `arn:aws:lambda:us-east-1:000000000000:function:${name}`;
const AllowedPublishers = { SigningProfileVersionArns: ['arn:aws:signer:us-east-1:000000000000:/signing-profiles/builds/ABCDEFGHIJ'] };
const base = () => ({ FunctionName: uniqueName('refused'), Runtime: 'nodejs22.x', Handler: 'index.handler', Role: scene().roleArn, Code: { ZipFile } }) as const;
const provider = { CapacityProviderName: 'machines' };

suite('the current API', () => {
  test('code signing configurations are enforced', async () => {
    const created = await lambda().send(new CreateCodeSigningConfigCommand({ AllowedPublishers, CodeSigningPolicies: { UntrustedArtifactOnDeployment: 'Enforce' } }));
    const CodeSigningConfigArn = created.CodeSigningConfig?.CodeSigningConfigArn ?? '';
    const FunctionName = await createFunction(lambda(), { Role: scene().roleArn, files });
    await lambda().send(new PutFunctionCodeSigningConfigCommand({ FunctionName, CodeSigningConfigArn }));
    assert.equal((await lambda().send(new GetFunctionCodeSigningConfigCommand({ FunctionName }))).CodeSigningConfigArn, CodeSigningConfigArn);
    assert.deepEqual((await lambda().send(new ListFunctionsByCodeSigningConfigCommand({ CodeSigningConfigArn }))).FunctionArns, [functionArn(FunctionName)]);
    const deploy = () => lambda().send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile }));
    await assert.rejects(deploy(), { name: 'CodeVerificationFailedException' });
    await assert.rejects(lambda().send(new DeleteCodeSigningConfigCommand({ CodeSigningConfigArn })), { name: 'ResourceConflictException' });
    await lambda().send(new UpdateCodeSigningConfigCommand({ CodeSigningConfigArn, CodeSigningPolicies: { UntrustedArtifactOnDeployment: 'Warn' } }));
    await deploy();
    assert.equal((await lambda().send(new GetCodeSigningConfigCommand({ CodeSigningConfigArn }))).CodeSigningConfig?.CodeSigningPolicies?.UntrustedArtifactOnDeployment, 'Warn');
    await lambda().send(new DeleteFunctionCodeSigningConfigCommand({ FunctionName }));
    await lambda().send(new DeleteCodeSigningConfigCommand({ CodeSigningConfigArn }));
    const { CodeSigningConfigs = [] } = await lambda().send(new ListCodeSigningConfigsCommand({}));
    assert.ok(!CodeSigningConfigs.some((config) => config.CodeSigningConfigArn === CodeSigningConfigArn));
  });

  test('tenants share no environment, and functions know who theirs is', async () => {
    const TenancyConfig = { TenantIsolationMode: 'PER_TENANT' } as const;
    const name = await createFunction(lambda(), { Role: scene().roleArn, files, TenancyConfig });
    const run = async (TenantId: string): Promise<unknown> => (await invoke(lambda(), name, {}, { TenantId })).payload;
    assert.deepEqual([await run('blue'), await run('green@home'), await run('blue')], [{ tenant: 'blue', runs: 1 }, { tenant: 'green@home', runs: 1 }, { tenant: 'blue', runs: 2 }]);
    const python = { 'app.py': 'def handler(event, context):\n    return context.tenant_id\n' };
    const other = await createFunction(lambda(), { Role: scene().roleArn, Runtime: 'python3.12', Handler: 'app.handler', files: python, TenancyConfig });
    assert.equal((await invoke(lambda(), other, {}, { TenantId: 'red' })).payload, 'red');
    const bootstrap = `#!/bin/sh
head=$(mktemp)
event=$(curl -sS -D "$head" "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/next")
id=$(sed -n 's/^lambda-runtime-aws-request-id: *//ip' "$head" | tr -d '\\r')
tenant=$(sed -n 's/^lambda-runtime-aws-tenant-id: *//ip' "$head" | tr -d '\\r')
curl -sS -d "\\"$tenant\\"" "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/$id/response"
`;
    const custom = await createFunction(lambda(), { Role: scene().roleArn, Runtime: 'provided.al2023', Handler: 'none', files: { bootstrap }, TenancyConfig });
    assert.equal((await invoke(lambda(), custom, {}, { TenantId: 'grey' })).payload, 'grey');
    await assert.rejects(invoke(lambda(), name, {}), { name: 'InvalidParameterValueException', message: /Add a valid tenant ID in your request and try again/ });
  });

  test('runtime management, whole resource policies and InvokeAsync', async () => {
    await lambda().send(new PutRuntimeManagementConfigCommand({ FunctionName: plain, UpdateRuntimeOn: 'FunctionUpdate' }));
    assert.equal((await lambda().send(new GetRuntimeManagementConfigCommand({ FunctionName: plain }))).UpdateRuntimeOn, 'FunctionUpdate');
    const RuntimeVersionArn = (await lambda().send(new GetFunctionConfigurationCommand({ FunctionName: plain }))).RuntimeVersionConfig?.RuntimeVersionArn ?? '';
    const manual = await lambda().send(new PutRuntimeManagementConfigCommand({ FunctionName: plain, UpdateRuntimeOn: 'Manual', RuntimeVersionArn }));
    assert.equal(manual.RuntimeVersionArn, RuntimeVersionArn);

    const ResourceArn = functionArn(plain);
    const Statement = [{ Sid: 'buckets', Effect: 'Allow', Principal: { Service: 's3.amazonaws.com' }, Action: 'lambda:InvokeFunction', Resource: ResourceArn }];
    const { RevisionId } = await lambda().send(new PutResourcePolicyCommand({ ResourceArn, Policy: JSON.stringify({ Version: '2012-10-17', Statement }) }));
    assert.equal((await lambda().send(new GetResourcePolicyCommand({ ResourceArn }))).RevisionId, RevisionId);
    await lambda().send(new AddPermissionCommand({ FunctionName: plain, StatementId: 'topics', Action: 'lambda:InvokeFunction', Principal: 'sns.amazonaws.com' }));
    assert.match((await lambda().send(new GetPolicyCommand({ FunctionName: plain }))).Policy ?? '', /buckets.*topics/);
    await lambda().send(new DeleteResourcePolicyCommand({ ResourceArn }));
    await assert.rejects(lambda().send(new GetResourcePolicyCommand({ ResourceArn })), { name: 'ResourceNotFoundException' });
    assert.equal((await lambda().send(new InvokeAsyncCommand({ FunctionName: plain, InvokeArgs: '{}' }))).Status, 202);

    assert.deepEqual((await lambda().send(new ListCapacityProvidersCommand({}))).CapacityProviders, []);
    assert.equal((await lambda().send(new GetFunctionScalingConfigCommand({ FunctionName: plain, Qualifier: '1' }))).AppliedFunctionScalingConfig, undefined);
  });

  const invalid = 'InvalidParameterValueException';
  const missing = 'ResourceNotFoundException';
  const refused: readonly (readonly [what: string, call: () => Promise<unknown>, name: string, message: RegExp])[] = [
    ['a VPC', () => lambda().send(new CreateFunctionCommand({ ...base(), VpcConfig: { SubnetIds: ['subnet-1'], SecurityGroupIds: ['sg-1'] } })), invalid, /VpcConfig\.SubnetIds/],
    ['a file system', () => lambda().send(new CreateFunctionCommand({ ...base(), FileSystemConfigs: [{ Arn: 'arn:aws:elasticfilesystem:us-east-1:000000000000:access-point/fsap-0123456789abcdef0', LocalMountPath: '/mnt/x' }] })), invalid, /FileSystemConfigs/],
    ['a key for the package', () => lambda().send(new CreateFunctionCommand({ ...base(), Code: { ZipFile, SourceKMSKeyArn: 'arn:aws:kms:us-east-1:000000000000:key/k' } })), invalid, /SourceKMSKeyArn/],
    ['a capacity provider of a function', () => lambda().send(new CreateFunctionCommand({ ...base(), CapacityProviderConfig: { LambdaManagedInstancesCapacityProviderConfig: { CapacityProviderArn: 'arn:aws:lambda:us-east-1:000000000000:capacity-provider:machines' } } })), invalid, /CapacityProvider/],
    ['a key for durable executions', () => lambda().send(new CreateFunctionCommand({ ...base(), DurableConfig: { KMSKeyArn: 'arn:aws:kms:us-east-1:000000000000:key/k' } })), invalid, /DurableConfig\.KMSKeyArn/],
    ['a code signing configuration that is not there', () => lambda().send(new CreateFunctionCommand({ ...base(), CodeSigningConfigArn: 'arn:aws:lambda:us-east-1:000000000000:code-signing-config:csc-0123456789abcdef0' })), 'CodeSigningConfigNotFoundException', /cannot be found/],
    ['a publisher that is no signing profile version', () => lambda().send(new CreateCodeSigningConfigCommand({ AllowedPublishers: { SigningProfileVersionArns: ['arn:aws:s3:::bucket'] } })), invalid, /signing profile version/],
    ['durability for a function that has none', () => lambda().send(new UpdateFunctionConfigurationCommand({ FunctionName: plain, DurableConfig: { ExecutionTimeout: 60 } })), invalid, /only be enabled when a function is created/],
    ['a durable execution of a function that has none', () => invoke(lambda(), plain, {}, { DurableExecutionName: 'x' }), invalid, /not durable/],
    ['a tenant where none are isolated', () => invoke(lambda(), plain, {}, { TenantId: 'blue' }), invalid, /not enabled with tenancy/],
    ['a URL of a function with tenants', () => withTenants((FunctionName) => lambda().send(new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: 'NONE' }))), invalid, /tenant isolation/],
    ['provisioned concurrency of a function with tenants', () => withTenants((FunctionName) => lambda().send(new PutProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier: '1', ProvisionedConcurrentExecutions: 1 }))), invalid, /tenant isolation/],
    ['another runtime version', () => lambda().send(new PutRuntimeManagementConfigCommand({ FunctionName: plain, UpdateRuntimeOn: 'Manual', RuntimeVersionArn: 'arn:aws:lambda:us-east-1::runtime:0123' })), invalid, /does not exist/],
    ['a manual runtime without its version', () => lambda().send(new PutRuntimeManagementConfigCommand({ FunctionName: plain, UpdateRuntimeOn: 'Manual' })), invalid, /RuntimeVersionArn is required/],
    ['a resource policy that is none', () => lambda().send(new PutResourcePolicyCommand({ ResourceArn: functionArn(plain), Policy: '{"Statement":[{}]}' })), invalid, /policy is not valid/],
    ['a capacity provider', () => lambda().send(new CreateCapacityProviderCommand({ ...provider, VpcConfig: { SubnetIds: ['subnet-1'], SecurityGroupIds: [] }, PermissionsConfig: { CapacityProviderOperatorRoleArn: scene().roleArn } })), invalid, /The subnet ID 'subnet-1' does not exist/],
    ['reading a capacity provider', () => lambda().send(new GetCapacityProviderCommand(provider)), missing, /Capacity provider not found/],
    ['changing a capacity provider', () => lambda().send(new UpdateCapacityProviderCommand(provider)), missing, /Capacity provider not found/],
    ['deleting a capacity provider', () => lambda().send(new DeleteCapacityProviderCommand(provider)), missing, /Capacity provider not found/],
    ['the versions on a capacity provider', () => lambda().send(new ListFunctionVersionsByCapacityProviderCommand(provider)), missing, /Capacity provider not found/],
    ['scaling on a capacity provider', () => lambda().send(new PutFunctionScalingConfigCommand({ FunctionName: plain, Qualifier: '1', FunctionScalingConfig: { MinExecutionEnvironments: 1 } })), invalid, /not configured with a capacity provider/],
  ];
  for (const [what, call, name, message] of refused) {
    test(`${what} is refused in the service's words`, async () => {
      await assert.rejects(call(), { name, message });
    });
  }
});

let withTenant: Promise<string> | undefined;

async function withTenants(call: (functionName: string) => Promise<unknown>): Promise<unknown> {
  withTenant ??= createFunction(lambda(), { Role: scene().roleArn, files, TenancyConfig: { TenantIsolationMode: 'PER_TENANT' }, Publish: true });
  return call(await withTenant);
}
