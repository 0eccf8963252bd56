// CreateFunctionUrlConfig, GetFunctionUrlConfig, UpdateFunctionUrlConfig, DeleteFunctionUrlConfig, ListFunctionUrlConfigs, and what answers there.
// https://docs.aws.amazon.com/lambda/latest/dg/lambda-urls.html with urls-invocation.html, urls-auth.html and urls-configuration.html

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  AddPermissionCommand,
  CreateAliasCommand,
  CreateFunctionUrlConfigCommand,
  DeleteAliasCommand,
  DeleteFunctionCommand,
  DeleteFunctionUrlConfigCommand,
  GetFunctionUrlConfigCommand,
  ListFunctionUrlConfigsCommand,
  PublishVersionCommand,
  PutFunctionConcurrencyCommand,
  UpdateFunctionUrlConfigCommand,
  type CreateFunctionUrlConfigCommandInput,
} from '@aws-sdk/client-lambda';
import { signRequest } from '../../../src/wire/sigv4.ts';
import { createFunction, invoke } from '../../support/functions.ts';
import { createLimitedUser } from '../../support/limitedUser.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';
import { visit, type VisitAnswer } from '../../support/visit.ts';

const source = `
exports.handler = async (event) => {
  const wanted = event.queryStringParameters?.answer;
  if (wanted === undefined) return event;
  if (wanted === 'throw') throw new Error('a secret of the function');
  if (wanted === 'sleep') await new Promise((resolve) => setTimeout(resolve, 60000));
  return JSON.parse(wanted);
};`;

const streaming = `
const tick = () => new Promise((resolve) => setTimeout(resolve, 10));
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  const mode = event.rawPath.slice(1);
  if (mode === 'early') throw new Error('nothing yet');
  if (mode === 'plain') {
    stream.setContentType('text/plain');
    stream.write('plain');
    return stream.end();
  }
  stream = awslambda.HttpResponseStream.from(stream, { statusCode: 201, headers: { 'Content-Type': 'text/event-stream', 'X-Own': 'yes' }, cookies: ['a=1', 'b=2'] });
  if (mode === 'late') throw new Error('nothing was written');
  if (mode === 'empty') return stream.end();
  stream.write('one ');
  await tick();
  if (mode === 'half') throw new Error('broken');
  for (let count = 0; mode === 'ticks' && count < 20; count += 1) {
    stream.write('tick ');
    await tick();
  }
  stream.write('two');
  stream.end();
});`;

const names = { echo: '', stream: '' };
const scene = useServer({}, async ({ aws, roleArn }) => {
  names.echo = await createFunction(aws.lambda, { Role: roleArn, files: { 'index.js': source }, Timeout: 20 });
  names.stream = await createFunction(aws.lambda, { Role: roleArn, files: { 'index.js': streaming }, Timeout: 20 });
});

async function createUrl(FunctionName: string, input: Partial<CreateFunctionUrlConfigCommandInput> = {}): Promise<string> {
  const { lambda } = scene().aws;
  const { FunctionUrl } = await lambda.send(new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: 'NONE', ...input }));
  return FunctionUrl ?? '';
}

/** The two permissions that a public URL needs since October 2025. */
async function openToAll(FunctionName: string, Qualifier?: string): Promise<void> {
  const { lambda } = scene().aws;
  const statement = { FunctionName, Principal: '*', ...(Qualifier === undefined ? {} : { Qualifier }) };
  await lambda.send(new AddPermissionCommand({ ...statement, StatementId: 'url', Action: 'lambda:InvokeFunctionUrl', FunctionUrlAuthType: 'NONE' }));
  await lambda.send(new AddPermissionCommand({ ...statement, StatementId: 'function', Action: 'lambda:InvokeFunction', InvokedViaFunctionUrl: true }));
}

const forget = (FunctionName: string): Promise<unknown> => scene().aws.lambda.send(new DeleteFunctionUrlConfigCommand({ FunctionName }));
const answering = (url: string, answer: unknown): string => `${url}?answer=${encodeURIComponent(JSON.stringify(answer))}`;
const eventOf = ({ text }: VisitAnswer): Record<string, unknown> & { requestContext: Record<string, unknown> } => JSON.parse(text) as ReturnType<typeof eventOf>;
const forbidden = '{"Message":"Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"}';

suite('CreateFunctionUrlConfig and its family', () => {
  test('a configuration is created once, read, changed, listed and deleted', async () => {
    const { lambda } = scene().aws;
    const FunctionName = names.echo;
    const created = await lambda.send(new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: 'AWS_IAM', Cors: { AllowOrigins: ['*'], MaxAge: 0 } }));
    assert.equal(created.$metadata.httpStatusCode, 201);
    assert.match(created.FunctionUrl ?? '', /^http:\/\/[a-z0-9]{32}\.lambda-url\.us-east-1\.localhost:\d+\/$/);
    assert.deepEqual([created.InvokeMode, created.AuthType, created.Cors], ['BUFFERED', 'AWS_IAM', { AllowOrigins: ['*'], MaxAge: 0 }]);
    await expectRefusal(lambda.send(new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: 'NONE' })), {
      name: 'ResourceConflictException',
      status: 409,
      message: /^Failed to create function url config for \[functionArn = arn:aws:lambda:us-east-1:000000000000:function:function-\w+\]\. Error message:\s+FunctionUrlConfig exists for this Lambda function$/,
    });
    const updated = await lambda.send(new UpdateFunctionUrlConfigCommand({ FunctionName, InvokeMode: 'RESPONSE_STREAM', Cors: {} }));
    assert.deepEqual([updated.InvokeMode, updated.AuthType, updated.Cors], ['RESPONSE_STREAM', 'AWS_IAM', undefined]);
    const { $metadata: _read, ...read } = await lambda.send(new GetFunctionUrlConfigCommand({ FunctionName }));
    const { FunctionUrlConfigs } = await lambda.send(new ListFunctionUrlConfigsCommand({ FunctionName }));
    assert.deepEqual(FunctionUrlConfigs, [read]);
    await forget(FunctionName);
    await expectRefusal(lambda.send(new GetFunctionUrlConfigCommand({ FunctionName })), { name: 'ResourceNotFoundException', status: 404, message: 'The resource you requested does not exist.' });
    await expectRefusal(forget(FunctionName), { name: 'ResourceNotFoundException', status: 404 });
    assert.equal(await createUrl(FunctionName), created.FunctionUrl, 'the address stays the same');
    await forget(FunctionName);
  });
  test('what the model forbids, and functions that are not there, are refused', async () => {
    const create = (input: object): Promise<unknown> => scene().aws.lambda.send(new CreateFunctionUrlConfigCommand({ FunctionName: names.echo, AuthType: 'NONE', ...input }));
    await expectRefusal(create({ Cors: { AllowMethods: ['OPTIONS'] } }), { name: 'ValidationException', status: 400, message: /length less than or equal to 6/ });
    await expectRefusal(create({ Cors: { MaxAge: 86_401 } }), { name: 'ValidationException', status: 400 });
    await expectRefusal(create({ Qualifier: '1' }), { name: 'ValidationException', status: 400 });
    await expectRefusal(create({ FunctionName: 'missing' }), { name: 'ResourceNotFoundException', status: 404 });
    await expectRefusal(create({ Qualifier: 'nothing' }), { name: 'ResourceNotFoundException', status: 404 });
    const { clients } = await createLimitedUser(scene(), [{ Effect: 'Allow', Action: 'lambda:CreateFunctionUrlConfig', Resource: '*', Condition: { StringEquals: { 'lambda:FunctionUrlAuthType': 'AWS_IAM' } } }]);
    await expectRefusal(clients.lambda.send(new CreateFunctionUrlConfigCommand({ FunctionName: names.echo, AuthType: 'NONE' })), { name: 'AccessDeniedException', status: 403 });
  });
  test('a URL goes with its function and its alias', async () => {
    const { aws, roleArn } = scene();
    const FunctionName = await createFunction(aws.lambda, { Role: roleArn, files: { 'index.js': source } });
    await aws.lambda.send(new PublishVersionCommand({ FunctionName }));
    await aws.lambda.send(new CreateAliasCommand({ FunctionName, Name: 'live', FunctionVersion: '1' }));
    const urls = [await createUrl(FunctionName), await createUrl(FunctionName, { Qualifier: 'live' })];
    await openToAll(FunctionName, 'live');
    const [, alias = ''] = urls;
    const { requestContext } = eventOf(await visit(alias));
    assert.equal(requestContext['apiId'], new URL(alias).hostname.split('.')[0]);
    assert.equal((await visit(urls[0] ?? '')).status, 403, 'the policy is that of the alias');
    await aws.lambda.send(new DeleteAliasCommand({ FunctionName, Name: 'live' }));
    assert.equal((await visit(alias)).status, 404);
    await aws.lambda.send(new DeleteFunctionCommand({ FunctionName }));
    assert.equal((await visit(urls[0] ?? '')).status, 404);
  });
});

suite('Function URLs: who may', () => {
  test('NONE takes both permissions in the policy of the function, and says 403 in the words of AWS', async () => {
    const { aws, roleArn } = scene();
    const FunctionName = await createFunction(aws.lambda, { Role: roleArn, files: { 'index.js': source } });
    const url = await createUrl(FunctionName);
    const refused = await visit(url);
    assert.deepEqual([refused.status, refused.text, refused.headers['x-amzn-errortype']], [403, forbidden, 'AccessDeniedException']);
    const statement = { FunctionName, Principal: '*' };
    await aws.lambda.send(new AddPermissionCommand({ ...statement, StatementId: 'url', Action: 'lambda:InvokeFunctionUrl', FunctionUrlAuthType: 'NONE' }));
    assert.equal((await visit(url)).status, 403);
    await aws.lambda.send(new AddPermissionCommand({ ...statement, StatementId: 'function', Action: 'lambda:InvokeFunction', InvokedViaFunctionUrl: true }));
    assert.equal((await visit(url)).status, 200);
    await aws.lambda.send(new UpdateFunctionUrlConfigCommand({ FunctionName, AuthType: 'AWS_IAM' }));
    const unsigned = await visit(url);
    assert.deepEqual([unsigned.status, unsigned.text], [403, '{"Message":"Forbidden"}']);
  });
  test('AWS_IAM takes a signature and both permissions, and tells the function who signed', async () => {
    const { aws, roleArn } = scene();
    const FunctionName = await createFunction(aws.lambda, { Role: roleArn, files: { 'index.js': source } });
    const url = await createUrl(FunctionName, { AuthType: 'AWS_IAM' });
    const byUser = async (actions: string[]): Promise<{ answer: VisitAnswer; arn: string; key: string; tampered: VisitAnswer }> => {
      const { clients, arn } = await createLimitedUser(scene(), [{ Effect: 'Allow', Action: actions, Resource: '*' }]);
      const key = await clients.lambda.config.credentials();
      const headers = signRequest({ method: 'POST', url, service: 'lambda', region: 'us-east-1', nowMs: Date.now(), body: 'signed', headers: { 'content-type': 'text/plain' } }, key);
      return { arn, key: key.accessKeyId, answer: await visit(url, { method: 'POST', headers, body: 'signed' }), tampered: await visit(url, { method: 'POST', headers, body: 'other!' }) };
    };
    assert.equal((await byUser(['lambda:InvokeFunctionUrl'])).answer.text, forbidden);
    const { answer, arn, key, tampered } = await byUser(['lambda:InvokeFunctionUrl', 'lambda:InvokeFunction']);
    assert.equal(answer.status, 200, answer.text);
    const { requestContext, body } = eventOf(answer);
    const { iam } = requestContext['authorizer'] as { iam: Record<string, unknown> };
    assert.deepEqual([body, requestContext['accountId'], iam['userArn'], iam['accessKey'], iam['cognitoIdentity']], ['signed', '000000000000', arn, key, null]);
    assert.deepEqual([tampered.status, /signature/i.test(tampered.text)], [403, true]);
  });
});

suite('Function URLs: requests and answers', () => {
  let url = '';
  const open = async (): Promise<string> => {
    if (url !== '') return url;
    url = await createUrl(names.echo);
    await openToAll(names.echo);
    return url;
  };
  test('a request becomes an event of format 2.0', async () => {
    const base = await open();
    const headers = { Cookie: 'one=1; two=2', 'X-Own': 'mine', 'content-type': 'application/json', 'user-agent': 'tester' };
    const event = eventOf(await visit(`${base}a%20path/x?name=a&name=b%2Bc&flag`, { method: 'PUT', headers, body: '{"b":1}' }));
    const { requestContext, headers: seen, ...rest } = event;
    assert.deepEqual(rest, {
      ...{ version: '2.0', routeKey: '$default', rawPath: '/a%20path/x', rawQueryString: 'name=a&name=b%2Bc&flag', cookies: ['one=1', 'two=2'] },
      ...{ queryStringParameters: { name: 'a,b+c', flag: '' }, body: '{"b":1}', isBase64Encoded: false },
    });
    const own = seen as Record<string, string>;
    assert.deepEqual([own['x-own'], own['host'], own['x-forwarded-proto'], own['x-forwarded-for']], ['mine', new URL(base).host, 'http', '127.0.0.1']);
    assert.match(own['x-amzn-trace-id'] ?? '', /^Root=1-/);
    const { http, time, timeEpoch, requestId, ...context } = requestContext;
    const { hostname } = new URL(base);
    const id = hostname.split('.')[0];
    assert.deepEqual(context, { accountId: 'anonymous', apiId: id, domainName: hostname, domainPrefix: id, routeKey: '$default', stage: '$default' });
    assert.deepEqual(http, { method: 'PUT', path: '/a%20path/x', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'tester' });
    assert.match(String(time), /^\d{2}\/[A-Z][a-z]{2}\/\d{4}:\d{2}:\d{2}:\d{2} \+0000$/);
    assert.deepEqual([typeof timeEpoch, String(requestId).length], ['number', 36]);
  });
  test('bodies that are no text come as base64, and forms do', async () => {
    const base = await open();
    const form = eventOf(await visit(base, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'Action=ListQueues&a=b' }));
    assert.deepEqual([form['body'], form['isBase64Encoded']], [Buffer.from('Action=ListQueues&a=b').toString('base64'), true]);
    const bytes = eventOf(await visit(base, { method: 'PATCH', body: Buffer.from([0, 255]) }));
    assert.deepEqual([bytes['body'], bytes['isBase64Encoded']], ['AP8=', true]);
  });
  test('what looks like a request to the API is the function\'s, at its address', async () => {
    const base = await open();
    for (const path of ['2015-03-31/functions/x/invocations', '_haneul/health', '_localstack/health', 'lambda-code/x']) {
      const answer = await visit(base + path, { method: 'POST', headers: { 'x-amz-target': 'AmazonSQS.ListQueues' }, body: '{}' });
      assert.equal(eventOf(answer)['rawPath'], `/${path}`);
    }
  });
  test('a structured answer is sent as it says; every other is the body', async () => {
    const base = await open();
    const full = await visit(answering(base, { statusCode: 418, headers: { 'X-Own': 'a', Connection: 'close', 'Content-Length': 3 }, cookies: ['a=1', 'b=2'], body: 'AP8=', isBase64Encoded: true }));
    assert.deepEqual([full.status, full.body, full.headers['x-own'], full.headers['set-cookie']], [418, Buffer.from([0, 255]), 'a', ['a=1', 'b=2']]);
    assert.deepEqual([full.headers['content-type'], full.headers['x-amzn-remapped-content-length'], full.headers['content-length']], ['application/json', '3', '2']);
    for (const [answer, body] of [['text', 'text'], [{ message: 'hi' }, '{"message":"hi"}'], [[1], '[1]'], [null, 'null']] as const) {
      const plain = await visit(answering(base, answer));
      assert.deepEqual([plain.status, plain.text, plain.headers['content-type']], [200, body, 'application/json']);
    }
    const head = await visit(base, { method: 'HEAD' });
    assert.deepEqual([head.status, head.text], [200, '']);
    assert.equal((await visit(answering(base, { statusCode: 204 }), { headers: { expect: '100-continue' } })).status, 204);
  });
  test('errors and answers that HTTP cannot carry are 502 without a word of the function\'s; throttling is 429, large bodies 413', async () => {
    const { aws } = scene();
    const base = await open();
    for (const answer of [{ statusCode: 'many' }, { statusCode: 99 }, { statusCode: 200, headers: { bad: 'a\r\nb' } }, { statusCode: 200, body: { not: 'text' } }]) {
      const wrong = await visit(answering(base, answer));
      assert.deepEqual([wrong.status, wrong.text], [502, 'Internal Server Error'], JSON.stringify(answer));
    }
    const thrown = await visit(`${base}?answer=throw`);
    assert.deepEqual([thrown.status, thrown.text], [502, 'Internal Server Error']);
    assert.equal((await visit(base, { method: 'POST', body: Buffer.alloc(6_291_457) })).status, 413);
    await aws.lambda.send(new PutFunctionConcurrencyCommand({ FunctionName: names.echo, ReservedConcurrentExecutions: 0 }));
    const throttled = await visit(base);
    assert.deepEqual([throttled.status, throttled.headers['x-amzn-errortype']], [429, 'TooManyRequestsException']);
    assert.match(throttled.text, /"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded".*"message":"Rate Exceeded\."/);
    await aws.lambda.send(new PutFunctionConcurrencyCommand({ FunctionName: names.echo, ReservedConcurrentExecutions: 10 }));
  });
  test('a timeout is 504', async () => {
    const { aws, roleArn } = scene();
    const FunctionName = await createFunction(aws.lambda, { Role: roleArn, files: { 'index.js': source }, Timeout: 1 });
    const slow = await createUrl(FunctionName);
    await openToAll(FunctionName);
    assert.equal((await visit(`${slow}?answer=sleep`)).status, 504);
  });
  test('the path address and the host of AWS lead to the same function; pages there have no origin, unknown ids and other regions lead nowhere', async () => {
    const base = await open();
    const { server } = scene();
    const id = new URL(base).hostname.split('.')[0] ?? '';
    const byPath = await visit(`${server.endpoint}/_haneul/url/${id}/deep?x=1`);
    assert.deepEqual([eventOf(byPath)['rawPath'], eventOf(byPath)['rawQueryString']], ['/deep', 'x=1']);
    const host = `${id}.lambda-url.us-east-1.on.aws`;
    assert.equal(eventOf(await visit(server.endpoint, { headers: { host } })).requestContext['domainName'], host);
    assert.equal((await visit(server.endpoint, { headers: { host: `${id}.lambda-url.eu-west-1.on.aws` } })).status, 404);
    assert.equal((await visit(`${server.endpoint}/_haneul/url/${'a'.repeat(32)}/`)).status, 404);
    assert.equal((await visit(`${server.endpoint}/_haneul/url/${id}/`, { headers: { host: 'evil.example' } })).status, 403);
    const page = { statusCode: 200, headers: { 'content-type': 'text/html' }, body: '<script>' };
    assert.match(String((await visit(answering(`${server.endpoint}/_haneul/url/${id}/`, page), { method: 'POST' })).headers['content-security-policy']), /^sandbox /);
    assert.equal((await visit(answering(base, page))).headers['content-security-policy'], undefined);
  });
  test('functions reach a URL by its path, as nobody, at the endpoint that they have', async () => {
    const { aws, roleArn, server } = scene();
    const id = new URL(await open()).hostname.split('.')[0];
    const caller = "exports.handler = async (event) => (await fetch(process.env.AWS_ENDPOINT_URL + event.path)).json();";
    const name = await createFunction(aws.lambda, { Role: roleArn, files: { 'index.js': caller }, Timeout: 10 });
    const { payload } = await invoke(aws.lambda, name, { path: `/_haneul/url/${id}/inside` });
    const { rawPath, requestContext } = payload as { rawPath: string; requestContext: { accountId: string } };
    assert.deepEqual([rawPath, requestContext.accountId], ['/inside', 'anonymous']);
    assert.equal((await fetch(`${server.endpoint}/_haneul/health`)).status, 200);
  });
  test('CORS settings answer preflights and every other request; without them both are the function\'s', async () => {
    const { lambda } = scene().aws;
    const base = await open();
    const foreign = { origin: 'https://shop.example', 'sec-fetch-site': 'cross-site' };
    const preflight = { ...foreign, 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-own' };
    assert.equal(eventOf(await visit(base, { method: 'OPTIONS', headers: preflight })).requestContext['accountId'], 'anonymous');
    const Cors = { AllowOrigins: ['https://shop.example'], AllowMethods: ['POST'], AllowHeaders: ['x-own'], ExposeHeaders: ['x-shown'], MaxAge: 300, AllowCredentials: true };
    await lambda.send(new UpdateFunctionUrlConfigCommand({ FunctionName: names.echo, Cors }));
    const granted = await visit(base, { method: 'OPTIONS', headers: preflight });
    const grants = (answer: VisitAnswer): unknown[] => ['origin', 'methods', 'headers', 'credentials'].map((name) => answer.headers[`access-control-allow-${name}`]);
    assert.deepEqual([granted.status, granted.text, ...grants(granted)], [200, '', 'https://shop.example', 'POST', 'x-own', 'true']);
    assert.equal(granted.headers['access-control-max-age'], '300');
    const refused = await visit(base, { method: 'OPTIONS', headers: { ...preflight, origin: 'https://evil.example' } });
    assert.deepEqual(grants(refused), [undefined, undefined, undefined, undefined]);
    const own = { statusCode: 200, headers: { 'Access-Control-Allow-Origin': '*' }, body: 'x' };
    const served = await visit(answering(base, own), { headers: foreign });
    assert.deepEqual([served.text, served.headers['access-control-allow-origin'], served.headers['access-control-expose-headers']], ['x', 'https://shop.example', 'x-shown']);
    await lambda.send(new UpdateFunctionUrlConfigCommand({ FunctionName: names.echo, Cors: { AllowOrigins: ['*'] } }));
    assert.equal((await visit(base, { headers: foreign })).headers['access-control-allow-origin'], '*');
  });
});

suite('Function URLs: RESPONSE_STREAM', () => {
  let url = '';
  test('the prelude is the head, and pieces come while the handler runs', async () => {
    url = await createUrl(names.stream, { InvokeMode: 'RESPONSE_STREAM' });
    await openToAll(names.stream);
    const pieces: string[] = [];
    const answer = await visit(`${url}ticks`, { onPiece: (piece) => pieces.push(piece) });
    assert.deepEqual([answer.status, answer.headers['content-type'], answer.headers['x-own'], answer.headers['set-cookie']], [201, 'text/event-stream', 'yes', ['a=1', 'b=2']]);
    assert.equal(answer.text, `one ${'tick '.repeat(20)}two`);
    assert.ok(pieces.length > 3, `${pieces.length} pieces`);
    const plain = await visit(`${url}plain`);
    assert.deepEqual([plain.status, plain.headers['content-type'], plain.text], [200, 'text/plain', 'plain']);
  });
  test('an error before the head is 502, one in the middle breaks the answer off', async () => {
    const early = await visit(`${url}early`);
    assert.deepEqual([early.status, early.text], [502, 'Internal Server Error']);
    assert.equal((await visit(`${url}late`)).status, 502, 'a head without a byte of the body has not gone out');
    const empty = await visit(`${url}empty`);
    assert.deepEqual([empty.status, empty.text, empty.headers['x-own']], [201, '', 'yes']);
    const half = await visit(`${url}half`);
    assert.deepEqual([half.status, half.text, half.isComplete], [201, 'one ', false]);
    assert.equal((await visit(`${url}plain`)).text, 'plain');
  });
});
