import assert from 'node:assert/strict';
import { test } from 'node:test';
import { helloFunction, withLambda, zipOf } from '../testing/testLambda.ts';

const profile = 'arn:aws:signer:us-east-1:000000000000:/signing-profiles/builds/ABCDEFGHIJ';
const AllowedPublishers = { SigningProfileVersionArns: [profile] };

test('CreateCodeSigningConfig, UpdateCodeSigningConfig and DeleteCodeSigningConfig keep a configuration that functions may use', () =>
  withLambda(async ({ call }) => {
    await assert.rejects(call('CreateCodeSigningConfig', { AllowedPublishers: { SigningProfileVersionArns: ['arn:aws:s3:::bucket'] } }), { code: 'InvalidParameterValueException' });
    const { CodeSigningConfig: made } = await call('CreateCodeSigningConfig', { AllowedPublishers, Description: 'builds' });
    const CodeSigningConfigArn = made?.CodeSigningConfigArn ?? '';
    assert.match(CodeSigningConfigArn, /^arn:aws:lambda:us-east-1:000000000000:code-signing-config:csc-[a-z0-9]{17}$/);
    assert.deepEqual(made?.CodeSigningPolicies, { UntrustedArtifactOnDeployment: 'Warn' });
    assert.deepEqual((await call('GetCodeSigningConfig', { CodeSigningConfigArn })).CodeSigningConfig, made);
    assert.equal((await call('ListCodeSigningConfigs', {})).CodeSigningConfigs?.length, 1);
    await call('CreateFunction', { ...helloFunction, CodeSigningConfigArn });
    assert.deepEqual(await call('GetFunctionCodeSigningConfig', { FunctionName: 'hello' }), { CodeSigningConfigArn, FunctionName: 'hello' });
    assert.deepEqual((await call('ListFunctionsByCodeSigningConfig', { CodeSigningConfigArn })).FunctionArns, ['arn:aws:lambda:us-east-1:000000000000:function:hello']);
    await assert.rejects(call('DeleteCodeSigningConfig', { CodeSigningConfigArn }), { code: 'ResourceConflictException' });
    // Warn lets code through, Enforce blocks it, and what was deployed goes on running.
    await call('UpdateFunctionCode', { FunctionName: 'hello', ZipFile: zipOf({ 'index.mjs': 'export const handler = 1;' }) });
    await call('UpdateCodeSigningConfig', { CodeSigningConfigArn, CodeSigningPolicies: { UntrustedArtifactOnDeployment: 'Enforce' } });
    for (const DryRun of [false, true]) await assert.rejects(call('UpdateFunctionCode', { FunctionName: 'hello', ZipFile: zipOf(), DryRun }), { code: 'CodeVerificationFailedException' });
    await assert.rejects(call('CreateFunction', { ...helloFunction, FunctionName: 'other', CodeSigningConfigArn }), { code: 'CodeVerificationFailedException' });
    assert.equal((await call('Invoke', { FunctionName: 'hello' })).StatusCode, 200);
    await call('DeleteFunctionCodeSigningConfig', { FunctionName: 'hello' });
    await call('UpdateFunctionCode', { FunctionName: 'hello', ZipFile: zipOf() });
    await call('PutFunctionCodeSigningConfig', { FunctionName: 'hello', CodeSigningConfigArn });
    await call('DeleteFunction', { FunctionName: 'hello' });
    await call('DeleteCodeSigningConfig', { CodeSigningConfigArn });
    await assert.rejects(call('GetCodeSigningConfig', { CodeSigningConfigArn }), { code: 'ResourceNotFoundException' });
    await call('CreateFunction', helloFunction);
    await assert.rejects(call('PutFunctionCodeSigningConfig', { FunctionName: 'hello', CodeSigningConfigArn }), { code: 'CodeSigningConfigNotFoundException' });
  }));

test('PutRuntimeManagementConfig keeps how updates come, and knows the one version of a runtime', () =>
  withLambda(async ({ call }) => {
    const created = await call('CreateFunction', helloFunction);
    const RuntimeVersionArn = (await call('GetFunctionConfiguration', { FunctionName: 'hello' })).RuntimeVersionConfig?.RuntimeVersionArn ?? '';
    const FunctionArn = created.FunctionArn ?? '';
    assert.deepEqual(await call('PutRuntimeManagementConfig', { FunctionName: 'hello', UpdateRuntimeOn: 'FunctionUpdate' }), { UpdateRuntimeOn: 'FunctionUpdate', FunctionArn });
    await call('PutRuntimeManagementConfig', { FunctionName: 'hello', UpdateRuntimeOn: 'Manual', RuntimeVersionArn });
    assert.deepEqual(await call('GetRuntimeManagementConfig', { FunctionName: 'hello' }), { UpdateRuntimeOn: 'Manual', RuntimeVersionArn, FunctionArn });
    const refused = [{ UpdateRuntimeOn: 'Manual' }, { UpdateRuntimeOn: 'Auto', RuntimeVersionArn }, { UpdateRuntimeOn: 'Manual', RuntimeVersionArn: `${RuntimeVersionArn}0` }] as const;
    for (const wrong of refused) await assert.rejects(call('PutRuntimeManagementConfig', { FunctionName: 'hello', ...wrong }), { code: 'InvalidParameterValueException' });
  }));

test('PutResourcePolicy replaces what AddPermission made, and DeleteResourcePolicy takes it away', () =>
  withLambda(async ({ call }) => {
    const { FunctionArn: ResourceArn = '' } = await call('CreateFunction', helloFunction);
    await assert.rejects(call('GetResourcePolicy', { ResourceArn }), { code: 'ResourceNotFoundException' });
    const statement = { Effect: 'Allow', Principal: { Service: 's3.amazonaws.com' }, Action: 'lambda:InvokeFunction', Resource: ResourceArn };
    const put = await call('PutResourcePolicy', { ResourceArn, Policy: JSON.stringify({ Version: '2012-10-17', Statement: statement }) });
    assert.deepEqual(await call('GetResourcePolicy', { ResourceArn }), put);
    await call('AddPermission', { FunctionName: 'hello', StatementId: 'more', Action: 'lambda:InvokeFunction', Principal: 'sns.amazonaws.com' });
    const { Policy = '' } = await call('GetPolicy', { FunctionName: 'hello' });
    assert.deepEqual((JSON.parse(Policy) as { Statement: { Sid: string }[] }).Statement.map(({ Sid }) => Sid), ['Statement1', 'more']);
    await assert.rejects(call('PutResourcePolicy', { ResourceArn, Policy: '{"Statement":[{}]}' }), { code: 'InvalidParameterValueException' });
    await assert.rejects(call('DeleteResourcePolicy', { ResourceArn, RevisionId: put.RevisionId }), { code: 'PreconditionFailedException' });
    await call('DeleteResourcePolicy', { ResourceArn });
    await assert.rejects(call('GetPolicy', { FunctionName: 'hello' }), { code: 'ResourceNotFoundException' });
  }));

test('CreateCapacityProvider and its kin refuse what needs machines in a VPC', () =>
  withLambda(async ({ call }) => {
    await call('CreateFunction', { ...helloFunction, Publish: true });
    const VpcConfig = { SubnetIds: ['subnet-1'], SecurityGroupIds: [] };
    const PermissionsConfig = { CapacityProviderOperatorRoleArn: 'arn:aws:iam::000000000000:role/operator' };
    await assert.rejects(call('CreateCapacityProvider', { CapacityProviderName: 'machines', VpcConfig, PermissionsConfig }), { code: 'InvalidParameterValueException' });
    const named = { CapacityProviderName: 'machines' };
    for (const name of ['GetCapacityProvider', 'UpdateCapacityProvider', 'DeleteCapacityProvider', 'ListFunctionVersionsByCapacityProvider'] as const) {
      await assert.rejects(call(name, named), { code: 'ResourceNotFoundException', message: 'Capacity provider not found: arn:aws:lambda:us-east-1:000000000000:capacity-provider:machines' });
    }
    assert.deepEqual(await call('ListCapacityProviders', {}), { CapacityProviders: [] });
    const version = { FunctionName: 'hello', Qualifier: '1' };
    await assert.rejects(call('PutFunctionScalingConfig', { ...version, FunctionScalingConfig: { MinExecutionEnvironments: 3 } }), { code: 'InvalidParameterValueException' });
    assert.deepEqual(await call('GetFunctionScalingConfig', version), { FunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:hello:1' });
  }));

test('Invoke gives each tenant of an isolating function environments of its own', () =>
  withLambda(async ({ call, sandbox }) => {
    const isolating = { ...helloFunction, TenancyConfig: { TenantIsolationMode: 'PER_TENANT' } } as const;
    await call('CreateFunction', isolating);
    assert.deepEqual((await call('GetFunctionConfiguration', { FunctionName: 'hello' })).TenancyConfig, { TenantIsolationMode: 'PER_TENANT' });
    const seen: (string | undefined)[] = [];
    sandbox.behaviour.invoke = (request) => {
      seen.push(request.tenantId);
      return { kind: 'response', payload: request.event };
    };
    for (const TenantId of ['blue', 'green', 'blue']) await call('Invoke', { FunctionName: 'hello', TenantId });
    assert.deepEqual([seen, sandbox.started.length], [['blue', 'green', 'blue'], 2]);
    await call('UpdateFunctionCode', { FunctionName: 'hello', ZipFile: zipOf({ 'index.mjs': 'export const handler = 2;' }) });
    await call('Invoke', { FunctionName: 'hello', TenantId: 'green' });
    assert.equal(sandbox.started.length, 3);
    await assert.rejects(call('Invoke', { FunctionName: 'hello' }), { code: 'InvalidParameterValueException', message: /Add a valid tenant ID in your request and try again/ });
    await assert.rejects(call('CreateFunctionUrlConfig', { FunctionName: 'hello', AuthType: 'NONE' }), { code: 'InvalidParameterValueException' });
    await call('CreateFunction', { ...helloFunction, FunctionName: 'shared' });
    await assert.rejects(call('Invoke', { FunctionName: 'shared', TenantId: 'blue' }), { code: 'InvalidParameterValueException' });
  }));

test('InvokeAsync queues an event', () =>
  withLambda(async ({ call, sandbox, startEvents }) => {
    await call('CreateFunction', helloFunction);
    const ran = new Promise<string>((resolve) => {
      sandbox.behaviour.invoke = (request) => {
        resolve(Buffer.from(request.event).toString());
        return { kind: 'response', payload: request.event };
      };
    });
    async function* body(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('{"n":');
      yield Buffer.from('1}');
    }
    assert.deepEqual(await call('InvokeAsync', { FunctionName: 'hello', InvokeArgs: body() as never }), { Status: 202 });
    startEvents();
    assert.equal(await ran, '{"n":1}');
  }));
