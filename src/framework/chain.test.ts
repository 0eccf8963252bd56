import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createFailedSignatures } from './failedSignatures.ts';
import { test } from 'node:test';
import type * as Lambda from '@aws-sdk/client-lambda';
import { ServiceError } from '../base/errors.ts';
import { createLogger, type LogRecord } from '../base/log.ts';
import { createPolicyCache } from '../policy/policyCache.ts';
import type { Caller, CallerPolicies, IssuedCredential } from '../ports/identity.ts';
import { createCatalogue } from '../wire/identify.ts';
import { loadModel } from '../wire/model.ts';
import { createSignatureVerifier, signRequest } from '../wire/sigv4.ts';
import type { WireResponse } from '../wire/types.ts';
import { type ChainDeps, serveApi } from './chain.ts';
import { defineService, operationsOf } from './service.ts';

const nowMs = Date.UTC(2026, 5, 1);
const user: Caller = { kind: 'user', account: '111122223333', arn: 'arn:aws:iam::111122223333:user/ann', userId: 'AIDAANN', userName: 'ann' };
const annsKey: IssuedCredential = { accessKeyId: 'AKIAANN', secretAccessKey: 'anns-secret', active: true, caller: user };

const operation = operationsOf<typeof Lambda, { readonly seen: Caller[] }>();

const lambda = defineService<{ readonly seen: Caller[] }>({
  id: 'lambda',
  validationErrorCode: 'ValidationException',
  requestBytesMax: { CreateFunction: 100 },
  tooLarge: (name, bytes) => new ServiceError('RequestEntityTooLargeException', `Request must be smaller than ${bytes} bytes for the ${name} operation`, { status: 413 }),
  operations: {
    GetFunction: operation('GetFunction', {
      access: ({ FunctionName = '' }, call) => ({ action: 'lambda:GetFunction', resource: `arn:aws:lambda:us-east-1:${call.account}:function:${FunctionName}` }),
      handle: ({ FunctionName = '' }, call, { seen }) => {
        seen.push(call.caller);
        if (FunctionName === 'bug') throw new TypeError('secret detail');
        if (FunctionName === 'given-up') call.signal.throwIfAborted();
        return { Configuration: { FunctionName, FunctionArn: `${call.account} ${call.region}` } };
      },
    }),
  },
});

interface Attempt {
  readonly path?: string;
  readonly method?: string;
  readonly service?: string;
  readonly body?: string;
  readonly sentBody?: string;
  readonly headers?: Record<string, string>;
  readonly credentials?: { accessKeyId: string; secretAccessKey: string } | undefined;
  readonly policies?: CallerPolicies;
  readonly deps?: Partial<ChainDeps>;
  readonly signal?: AbortSignal;
}

async function attempt(options: Attempt): Promise<{ response: WireResponse; json: Record<string, string>; seen: Caller[]; records: LogRecord[] }> {
  const { path = '/2015-03-31/functions/f', method = 'GET', body = '' } = options;
  const seen: Caller[] = [];
  const records: LogRecord[] = [];
  const url = `http://127.0.0.1:4566${path}`;
  const unsigned = { host: '127.0.0.1:4566', ...options.headers };
  const credentials = 'credentials' in options ? options.credentials : { accessKeyId: 'test', secretAccessKey: 'test' };
  const headers = credentials
    ? signRequest({ method, url, body, headers: unsigned, service: options.service ?? 'lambda', region: 'eu-west-1', nowMs }, credentials)
    : unsigned;
  const deps: ChainDeps = {
    catalogue: createCatalogue(['lambda', 'sts', 'sqs'].map(loadModel)),
    services: new Map([['lambda', lambda.bind({ seen })]]),
    credentials: {
      findCredential: async (id) => (id === annsKey.accessKeyId ? annsKey : undefined),
      policiesOf: async () => options.policies ?? { identity: [] },
    },
    signatures: createSignatureVerifier(),
    trustUnknownKeys: true,
    defaultAccount: '000000000000',
    defaultRegion: 'us-east-1',
    wallNow: () => nowMs,
    productNow: () => nowMs,
    iam: 'enforce',
    policies: createPolicyCache(),
    failedSignatures: createFailedSignatures(() => 0),
    endpointOf: () => 'http://127.0.0.1:4566',
    newRequestId: () => 'request-1',
    bodyBytesMaxDefault: 1_000,
    log: createLogger((record) => records.push(record), 'debug'),
    ...options.deps,
  };
  const sent = Buffer.from(options.sentBody ?? body);
  const response = await serveApi(
    {
      head: { method, path: path.split('?')[0] ?? '', query: path.split('?')[1] ?? '', headers: { ...headers, 'content-length': String(sent.length) } },
      sourceIp: '127.0.0.1',
      signal: options.signal ?? new AbortController().signal,
      readBody: async (bytesMax, tooLarge) => {
        if (sent.length > bytesMax) throw tooLarge();
        return sent;
      },
    },
    deps,
  );
  const text = typeof response.body === 'string' ? response.body : Buffer.from(response.body as Uint8Array).toString('utf8');
  return { response, json: text.startsWith('{') ? (JSON.parse(text) as Record<string, string>) : { text }, seen, records };
}

const allowAll: CallerPolicies = { identity: [{ source: 'inline:all', document: '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}' }] };
const anns = { accessKeyId: 'AKIAANN', secretAccessKey: 'anns-secret' };

test('serveApi serves an unknown key as local root, in the account that a 12-digit key names and the region of its signature', async () => {
  const { response, json, seen } = await attempt({ credentials: { accessKeyId: '444455556666', secretAccessKey: 'x' } });
  assert.equal(response.status, 200);
  assert.deepEqual(json['Configuration'], { FunctionName: 'f', FunctionArn: '444455556666 eu-west-1' });
  assert.equal(seen[0]?.kind, 'root');
});

test('serveApi compares what an unknown key says of the body with the body', async () => {
  const hash = createHash('sha256').update('{}').digest('hex');
  const right = await attempt({ headers: { 'x-amz-content-sha256': hash }, body: '{}' });
  assert.equal(right.response.status, 200);
  const wrong = await attempt({ headers: { 'x-amz-content-sha256': hash }, body: '{}', sentBody: '{ }' });
  assert.deepEqual([wrong.response.status, wrong.seen], [403, []]);
  // What is not said cannot be wrong.
  assert.equal((await attempt({ body: '{}', sentBody: '{ }' })).response.status, 200);
});

test('serveApi refuses an unknown key where unknown keys are not trusted', async () => {
  const { response, json, seen } = await attempt({ deps: { trustUnknownKeys: false } });
  assert.equal(response.status, 403);
  assert.equal(json['message'] ?? json['Message'], 'The security token included in the request is invalid.');
  assert.equal(response.headers['x-amzn-ErrorType'] ?? response.headers['x-amzn-errortype'], 'UnrecognizedClientException');
  assert.deepEqual(seen, []);
});

test('serveApi never takes an unsigned request for root', async () => {
  const { response, seen } = await attempt({ credentials: undefined });
  assert.equal(response.status, 403);
  assert.deepEqual(seen, []);
});

test('serveApi verifies the signature of a key that was issued, and that the body is the signed one', async () => {
  assert.equal((await attempt({ credentials: anns, policies: allowAll })).response.status, 200);
  assert.equal((await attempt({ credentials: { ...anns, secretAccessKey: 'guess' }, policies: allowAll })).response.status, 403);
  const tampered = await attempt({ credentials: anns, policies: allowAll, body: '{"a":1}', sentBody: '{"a":2}' });
  assert.equal(tampered.response.status, 403);
  assert.deepEqual(tampered.seen, []);
});

test('serveApi enforces the policies of an issued identity, logs instead in audit mode, and does not look when off', async () => {
  const denied = await attempt({ credentials: anns });
  assert.equal(denied.response.status, 403);
  assert.equal(
    denied.json['message'] ?? denied.json['Message'],
    'User: arn:aws:iam::111122223333:user/ann is not authorized to perform: lambda:GetFunction on resource: arn:aws:lambda:us-east-1:111122223333:function:f because no identity-based policy allows the lambda:GetFunction action',
  );
  const audited = await attempt({ credentials: anns, deps: { iam: 'audit' } });
  assert.equal(audited.response.status, 200);
  assert.ok(audited.records.some((record) => record.level === 'warn' && record.text === 'would be denied'));
  assert.equal((await attempt({ credentials: anns, deps: { iam: 'off' } })).response.status, 200);
});

test('serveApi answers what is not implemented in the protocol of its service, with a status that clients do not retry', async () => {
  const rest = await attempt({ path: '/2015-03-31/functions/f/aliases' });
  assert.equal(rest.response.status, 501);
  const query = await attempt({
    path: '/',
    method: 'POST',
    service: 'sts',
    body: 'Action=GetCallerIdentity&Version=2011-06-15',
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
  });
  assert.equal(query.response.status, 501);
  assert.match(query.json['text'] ?? '', /<Code>NotImplemented<\/Code>/);
  const json = await attempt({ path: '/', method: 'POST', service: 'sqs', body: '{}', headers: { 'x-amz-target': 'AmazonSQS.ListQueues', 'content-type': 'application/x-amz-json-1.0' } });
  assert.equal(json.response.status, 501);
  assert.match(json.json['__type'] ?? '', /NotImplemented$/);
});

test('serveApi answers a bug with 500 and keeps its details in the log', async () => {
  const { response, json, records } = await attempt({ path: '/2015-03-31/functions/bug' });
  assert.equal(response.status, 500);
  assert.doesNotMatch(JSON.stringify(json), /secret detail/);
  const bug = records.find((record) => record.text === 'bug');
  assert.match(String(bug?.fields['stack']), /secret detail/);
  assert.equal(bug?.fields['requestId'], 'request-1');
});

test('serveApi logs no bug when work was given up because the client went away', async () => {
  const { response, records } = await attempt({ path: '/2015-03-31/functions/given-up', signal: AbortSignal.abort(new Error('the client went away')) });
  assert.equal(response.status, 400);
  assert.deepEqual(records.filter(({ level }) => level === 'error'), []);
});

test('serveApi refuses a body over the limit of its operation in the words of the service', async () => {
  const { response, json } = await attempt({ path: '/2015-03-31/functions', method: 'POST', body: 'x'.repeat(101) });
  assert.equal(response.status, 413);
  assert.equal(json['message'] ?? json['Message'], 'Request must be smaller than 100 bytes for the CreateFunction operation');
});
