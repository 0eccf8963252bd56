// Whatever happens at the most talkative level of logging, no secret is among it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CreateAccessKeyCommand, CreateServiceSpecificCredentialCommand, CreateUserCommand, PutUserPolicyCommand, UploadServerCertificateCommand } from '@aws-sdk/client-iam';
import { GetFunctionCommand, UpdateFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { AssumeRoleCommand, AssumeRoleWithSAMLCommand, AssumeRoleWithWebIdentityCommand, GetCallerIdentityCommand, GetSessionTokenCommand } from '@aws-sdk/client-sts';
import { createLogger } from '../../../src/base/log.ts';
import { defaultOptions } from '../../../src/server/options.ts';
import { startServer } from '../../../src/server/startServer.ts';
import { signRequest } from '../../../src/wire/sigv4.ts';
import { createCertificate } from '../../support/certificates.ts';
import { createExecutionRole, createFunction, invoke, lambdaTrustPolicy, uniqueName } from '../../support/functions.ts';
import { sdkClients } from '../../support/sdkClients.ts';

test('the log at debug level holds no key, token, signature, environment value, event or link', async () => {
  const lines: string[] = [];
  const log = createLogger((record) => lines.push(JSON.stringify(record)), 'debug');
  const server = await startServer({ ...defaultOptions, port: 0, dataFolder: undefined, log });
  const secrets: string[] = [];
  const hide = (text: string | undefined): string => {
    assert.ok(text, 'there is no secret to look for');
    secrets.push(text);
    return text;
  };
  const aws = sdkClients(server.endpoint);
  try {
    const Role = await createExecutionRole(aws);
    const files = { 'index.js': 'exports.handler = async (event) => { if (event.fail) throw new Error(event.fail); return process.env; };' };
    const name = await createFunction(aws.lambda, { Role, files, Environment: { Variables: { PASSWORD: hide('environment-value-41') } } });
    const { payload } = await invoke(aws.lambda, name, { note: hide('event-value-42') });
    const injected = payload as Record<string, string>;
    hide(injected['AWS_SECRET_ACCESS_KEY']);
    hide(injected['AWS_SESSION_TOKEN']);
    await invoke(aws.lambda, name, { fail: hide('failure-text-43') });
    const link = (await aws.lambda.send(new GetFunctionCommand({ FunctionName: name }))).Code?.Location ?? '';
    hide(new URL(link).pathname.split('/').at(-1));
    await (await fetch(link)).arrayBuffer();
    await assert.rejects(aws.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: name, Environment: { Variables: { '1': hide('refused-value-44') } } })));

    const UserName = uniqueName('user');
    await aws.iam.send(new CreateUserCommand({ UserName }));
    const { AccessKey } = await aws.iam.send(new CreateAccessKeyCommand({ UserName }));
    const key = { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: hide(AccessKey?.SecretAccessKey) };
    const user = sdkClients(server.endpoint, key);
    await assert.rejects(user.sts.send(new AssumeRoleCommand({ RoleArn: Role, RoleSessionName: 'one' })));
    await aws.iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'odd', PolicyDocument: lambdaTrustPolicy })).catch(() => undefined);
    const { ServiceSpecificCredential } = await aws.iam.send(new CreateServiceSpecificCredentialCommand({ UserName, ServiceName: 'codecommit.amazonaws.com' }));
    hide(ServiceSpecificCredential?.ServicePassword);
    const certificate = createCertificate();
    await aws.iam.send(new UploadServerCertificateCommand({ ServerCertificateName: UserName, CertificateBody: certificate.certificatePem, PrivateKey: certificate.keyPem }));
    hide(certificate.keyPem.split('\n')[3]);
    const { Credentials } = await aws.sts.send(new GetSessionTokenCommand({}));
    hide(Credentials?.SessionToken);
    hide(Credentials?.SecretAccessKey);
    const tokens = { RoleArn: Role, PrincipalArn: Role, SAMLAssertion: hide('c2FtbC1hc3NlcnRpb24tNDc='), WebIdentityToken: hide('web-identity-token-48'), RoleSessionName: 'one' };
    await assert.rejects(aws.sts.send(new AssumeRoleWithSAMLCommand(tokens)));
    await assert.rejects(aws.sts.send(new AssumeRoleWithWebIdentityCommand(tokens)));
    user.destroy();
    const wrong = sdkClients(server.endpoint, { ...key, secretAccessKey: hide('not-the-secret-45') });
    await assert.rejects(wrong.sts.send(new GetCallerIdentityCommand({})));
    wrong.destroy();

    const url = `${server.endpoint}/2015-03-31/functions/`;
    const headers = signRequest({ method: 'GET', url, service: 'lambda', region: 'us-east-1', nowMs: Date.now() }, key);
    hide(/Signature=([0-9a-f]{64})/.exec(headers['authorization'] ?? '')?.[1]);
    await (await fetch(url, { headers })).arrayBuffer();
    const presigned = `${server.endpoint}/bucket/key?X-Amz-Signature=${hide('ab'.repeat(32))}&X-Amz-Security-Token=${hide('presigned-token-46')}`;
    await (await fetch(presigned)).arrayBuffer();
  } finally {
    aws.destroy();
    await server.stop();
  }
  const text = lines.join('\n');
  assert.ok(lines.length > 10, 'there is hardly any log');
  for (const secret of secrets) assert.ok(!text.includes(secret), `${secret} is in the log:\n${lines.find((line) => line.includes(secret))}`);
});
