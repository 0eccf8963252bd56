// Who may call at all. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html and, for what is local, design.md §6.

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { CreateAccessKeyCommand, CreateUserCommand, DeleteAccessKeyCommand, PutUserPolicyCommand, UpdateAccessKeyCommand } from '@aws-sdk/client-iam';
import { ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { uniqueName } from '../support/functions.ts';
import { createLimitedUser } from '../support/limitedUser.ts';
import { sdkClients } from '../support/sdkClients.ts';
import { expectRefusal } from '../support/serviceError.ts';
import { startTestServer } from '../support/testServer.ts';
import { useServer } from '../support/useServer.ts';

const scene = useServer();
const everything = [{ Effect: 'Allow', Action: '*', Resource: '*' }] as const;

interface Outgoing {
  readonly headers: Record<string, string>;
  body?: unknown;
  query?: Record<string, string>;
}
type Step = (args: { readonly request: Outgoing }) => Promise<unknown>;

/** Changes what a client sends after it has been signed, as something between client and server might. */
function tamper({ middlewareStack }: { readonly middlewareStack: unknown }, change: (request: Outgoing) => void): void {
  const stack = middlewareStack as { add(middleware: (next: Step) => Step, options: object): void };
  const middleware = (next: Step): Step => (args) => {
    change(args.request);
    return next(args);
  };
  stack.add(middleware, { step: 'finalizeRequest', priority: 'low', name: 'tamper' });
}

suite('a key that Haneul issued', () => {
  test('is verified: another secret is refused, each service in its own words', async () => {
    const user = await createLimitedUser(scene(), everything);
    const forged = user.with({ secretAccessKey: 'x'.repeat(40) });
    const message = /^The request signature we calculated does not match the signature you provided\. Check your AWS Secret Access Key and signing method\./;
    await expectRefusal(forged.lambda.send(new ListFunctionsCommand({})), { name: 'InvalidSignatureException', status: 403, message });
    await expectRefusal(forged.sts.send(new GetCallerIdentityCommand({})), { name: 'SignatureDoesNotMatch', status: 403, message });
    await expectRefusal(forged.logs.send(new DescribeLogGroupsCommand({})), { name: 'InvalidSignatureException', status: 400, message });
    for (const clients of [forged, user.clients]) clients.destroy();
  });
  test('does not sign for another body', async () => {
    const user = await createLimitedUser(scene(), everything);
    tamper(user.clients.logs, (request) => {
      request.body = Buffer.from('{"limit":2}');
    });
    await expectRefusal(user.clients.logs.send(new DescribeLogGroupsCommand({ limit: 1 })), { name: /Signature/ });
    user.clients.destroy();
  });
  test('does not sign for another header or path', async () => {
    const user = await createLimitedUser(scene(), everything);
    tamper(user.clients.lambda, (request) => {
      request.query = { MaxItems: '50' };
    });
    await expectRefusal(user.clients.lambda.send(new ListFunctionsCommand({})), { name: 'InvalidSignatureException', status: 403 });
    user.clients.destroy();
  });
  test('that is inactive or deleted is refused', async () => {
    const { aws, server } = scene();
    const UserName = uniqueName('user');
    await aws.iam.send(new CreateUserCommand({ UserName }));
    const { AccessKey } = await aws.iam.send(new CreateAccessKeyCommand({ UserName }));
    const AccessKeyId = AccessKey?.AccessKeyId ?? '';
    const clients = sdkClients(server.endpoint, { accessKeyId: AccessKeyId, secretAccessKey: AccessKey?.SecretAccessKey ?? '' });
    assert.match((await clients.sts.send(new GetCallerIdentityCommand({}))).Arn ?? '', new RegExp(`user/${UserName}$`));
    await aws.iam.send(new UpdateAccessKeyCommand({ UserName, AccessKeyId, Status: 'Inactive' }));
    await expectRefusal(clients.sts.send(new GetCallerIdentityCommand({})), { name: 'InvalidClientTokenId', status: 403, message: 'The security token included in the request is invalid.' });
    await aws.iam.send(new UpdateAccessKeyCommand({ UserName, AccessKeyId, Status: 'Active' }));
    assert.ok(await clients.sts.send(new GetCallerIdentityCommand({})));
    await aws.iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId }));
    // On loopback a key that is not issued (any more) is the local root user; what it signed is not looked at.
    assert.match((await clients.sts.send(new GetCallerIdentityCommand({}))).Arn ?? '', /:root$/);
    clients.destroy();
  });
  test('signs for five minutes', async () => {
    const user = await createLimitedUser(scene(), everything);
    user.clients.lambda.config.systemClockOffset = -20 * 60_000;
    await expectRefusal(user.clients.lambda.send(new ListFunctionsCommand({})), { name: 'InvalidSignatureException', status: 403, message: /^Signature expired: /i });
    user.clients.destroy();
  });
  test('moving product time breaks no signature', async () => {
    const user = await createLimitedUser(scene(), everything);
    await scene().server.clock.advance(60 * 60_000);
    assert.ok(await user.clients.lambda.send(new ListFunctionsCommand({})));
    user.clients.destroy();
  });
  test('feels a change of its policies at once', async () => {
    const { aws } = scene();
    const user = await createLimitedUser(scene(), []);
    await expectRefusal(user.clients.lambda.send(new ListFunctionsCommand({})), { name: 'AccessDeniedException', status: 403 });
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: everything });
    await aws.iam.send(new PutUserPolicyCommand({ UserName: user.arn.split('/').at(-1), PolicyName: 'all', PolicyDocument }));
    assert.ok(await user.clients.lambda.send(new ListFunctionsCommand({})));
    user.clients.destroy();
  });
});

suite('modes', () => {
  test('--auth strict refuses keys that nobody issued', async (t) => {
    const server = await startTestServer({ auth: 'strict' });
    t.after(() => server.stop());
    const clients = sdkClients(server.endpoint);
    t.after(() => clients.destroy());
    const message = /^The security token included in the request is invalid\.?$/;
    await expectRefusal(clients.sts.send(new GetCallerIdentityCommand({})), { name: 'InvalidClientTokenId', status: 403, message });
    await expectRefusal(clients.lambda.send(new ListFunctionsCommand({})), { name: 'UnrecognizedClientException', status: 403, message });
    await expectRefusal(clients.logs.send(new DescribeLogGroupsCommand({})), { name: 'UnrecognizedClientException', status: 400, message });
  });
  test('--iam off enforces nothing, and the identity stays', async (t) => {
    const server = await startTestServer({ iam: 'off' });
    t.after(() => server.stop());
    const aws = sdkClients(server.endpoint);
    t.after(() => aws.destroy());
    const user = await createLimitedUser({ aws, server, roleArn: '' }, []);
    t.after(() => user.clients.destroy());
    assert.ok(await user.clients.lambda.send(new ListFunctionsCommand({})));
    assert.equal((await user.clients.sts.send(new GetCallerIdentityCommand({}))).Arn, user.arn);
  });
});
