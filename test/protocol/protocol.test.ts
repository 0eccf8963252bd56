import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '../../src/base/errors.ts';
import { decodeCbor } from '../../src/wire/cbor.ts';
import { codecOf } from '../../src/wire/codecs.ts';
import type { OperationModel, ServiceModel, StructureShape } from '../../src/wire/model.ts';
import { route } from '../../src/wire/route.ts';
import type { ProtocolName, RequestHead, WireResponse } from '../../src/wire/types.ts';
import { loadProtocolCases } from './cases.ts';
import type { MalformedCase, RequestCase, ResponseCase } from './cases.ts';
import { canonicalXml, fromParams, structureFromParams, toParams } from './compare.ts';
import { skippedCase, skippedService, unusedSkips } from './skips.ts';

const meta = { requestId: 'request-id' };
const protocolsUnderTest = new Set<ProtocolName>(['awsJson1_0', 'awsJson1_1', 'restJson1', 'restXml', 'awsQuery', 'ec2Query', 'rpcv2Cbor']);
const seen = new Set<string>();
const loaded = await loadProtocolCases();

if ('unavailable' in loaded) {
  test('the published protocol tests', { skip: `not available here: ${loaded.unavailable}` }, () => undefined);
} else {
  for (const { service, protocol, operations } of loaded.services) {
    if (!protocolsUnderTest.has(protocol)) continue;
    const reason = skippedService(service.id);
    if (reason !== undefined) {
      test(`${service.id}`, { skip: reason }, () => undefined);
      continue;
    }
    const trait = protocolTrait(protocol);
    const applies = (candidate: { readonly protocol: string; readonly appliesTo?: string }): boolean => candidate.protocol === trait && candidate.appliesTo !== 'client';
    for (const { operation, requests, responses, malformed, errors } of operations) {
      for (const one of requests.filter(applies)) run(one.id, () => checkRequest(service, protocol, operation, one));
      for (const one of responses.filter(applies)) run(one.id, () => checkResponse(service, protocol, operation, one));
      for (const one of malformed.filter(applies)) run(one.id, () => checkMalformed(service, protocol, one));
      for (const error of errors) for (const one of error.responses.filter(applies)) run(one.id, () => checkError(service, protocol, error.shape, one));
    }
  }
  test('every skip of a protocol case still skips something', () => assert.deepEqual(unusedSkips(seen), []));
}

function run(id: string, check: () => void): void {
  if (seen.has(id)) return;
  seen.add(id);
  const reason = skippedCase(id);
  test(`protocol case ${id}`, reason === undefined ? {} : { skip: reason }, check);
}

function protocolTrait(protocol: ProtocolName): string {
  return protocol === 'rpcv2Cbor' ? 'smithy.protocols#rpcv2Cbor' : `aws.protocols#${protocol}`;
}

function requireOperation(service: ServiceModel, name: string): OperationModel {
  const operation = service.findOperation(name);
  assert.ok(operation, `the model has ${name}`);
  return operation;
}

function headOf({ method, uri, queryParams = [], headers = {} }: Pick<RequestCase, 'method' | 'uri' | 'queryParams' | 'headers'>): RequestHead {
  const [path = '/', query] = uri.split('?');
  return {
    method,
    path,
    query: [...(query === undefined ? [] : [query]), ...queryParams].join('&'),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
  };
}

// S3's cases name the host beside the head.
function bucketOf({ host, resolvedHost }: RequestCase): string | undefined {
  return /^(.+?)\.s3[.-]/.exec(resolvedHost ?? host ?? '')?.[1];
}

function bodyOf(text: string | undefined, protocol: ProtocolName): Buffer {
  return Buffer.from(text ?? '', protocol === 'rpcv2Cbor' ? 'base64' : 'utf8');
}

function parse(service: ServiceModel, protocol: ProtocolName, head: RequestHead, body: Uint8Array, bucket?: string): { operation: OperationModel; input: Record<string, unknown> } {
  const { operation, labels } = route({ service, protocol, ...(bucket === undefined ? {} : { bucket }) }, head, body);
  return { operation, input: codecOf(protocol).parseInput(operation, head, labels, body) as Record<string, unknown> };
}

function checkRequest(service: ServiceModel, protocol: ProtocolName, operationName: string, one: RequestCase): void {
  const head = headOf(one);
  // Cases about other things leave the target out.
  const target = protocol.startsWith('awsJson') ? { 'x-amz-target': `${service.targetPrefix}.${operationName}` } : {};
  const { operation, input } = parse(service, protocol, { ...head, headers: { ...target, ...head.headers } }, bodyOf(one.body, protocol), bucketOf(one));
  assert.equal(operation.name, operationName);
  const wanted = operation.input ? toParams(operation.input, structureFromParams(operation.input, one.params ?? {})) : {};
  assert.deepEqual(operation.input ? toParams(operation.input, input) : {}, wanted);
}

function checkResponse(service: ServiceModel, protocol: ProtocolName, operationName: string, one: ResponseCase): void {
  const operation = requireOperation(service, operationName);
  const output = operation.output ? structureFromParams(operation.output, one.params ?? {}) : {};
  compareResponse(codecOf(protocol).formatOutput(operation, output, meta), one, protocol);
}

function checkError(service: ServiceModel, protocol: ProtocolName, shapeName: string, one: ResponseCase): void {
  const shape = service.findError(shapeName) as StructureShape;
  assert.ok(shape, `the model has the error ${shapeName}`);
  const params = fromParams(shape, one.params ?? {}) as Record<string, unknown>;
  const message = Object.entries(params).find(([name]) => name.toLowerCase() === 'message')?.[1];
  const error = new ServiceError(shapeName, typeof message === 'string' ? message : '', { members: params });
  compareResponse(codecOf(protocol).formatError(service, undefined, error, meta), one, protocol);
}

function checkMalformed(service: ServiceModel, protocol: ProtocolName, one: MalformedCase): void {
  for (const parameters of expand(one.testParameters)) {
    const fill = (text: string): string => text.replace(/\$(\w+):(L|S)/g, (whole, name: string, kind: string) => {
      const value = parameters[name];
      return value === undefined ? whole : kind === 'S' ? JSON.stringify(value) : value;
    });
    const request = JSON.parse(JSON.stringify(one.request), (_, value: unknown) => (typeof value === 'string' ? fill(value) : value)) as MalformedCase['request'];
    let refused: unknown;
    try {
      parse(service, protocol, headOf(request), bodyOf(request.body, protocol));
    } catch (error) {
      refused = error;
    }
    assert.ok(refused instanceof ServiceError, `accepted with ${JSON.stringify(parameters)}`);
    const response = codecOf(protocol).formatError(service, undefined, refused, meta);
    assert.equal(response.status, one.response.code);
    assert.equal(header(response, 'x-amzn-errortype'), one.response.headers?.['x-amzn-errortype']);
  }
}

function expand(parameters: MalformedCase['testParameters']): Record<string, string>[] {
  const names = Object.keys(parameters ?? {});
  const count = Math.max(1, ...names.map((name) => parameters?.[name]?.length ?? 0));
  return Array.from({ length: count }, (_, index) => Object.fromEntries(names.map((name) => [name, parameters?.[name]?.[index] ?? ''])));
}

function header(response: WireResponse, name: string): string | undefined {
  return Object.entries(response.headers).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
}

function compareResponse(response: WireResponse, one: ResponseCase, protocol: ProtocolName): void {
  assert.equal(response.status, one.code);
  for (const [name, value] of Object.entries(one.headers ?? {})) assert.equal(header(response, name), value, `header ${name}`);
  for (const name of one.forbidHeaders ?? []) assert.equal(header(response, name), undefined, `header ${name}`);
  for (const name of one.requireHeaders ?? []) assert.notEqual(header(response, name), undefined, `header ${name}`);
  if (one.body === undefined) return;
  if (protocol === 'rpcv2Cbor') return compareCbor(response, one);
  const body = response.body instanceof Uint8Array ? Buffer.from(response.body).toString('utf8') : String(response.body);
  const type = one.bodyMediaType ?? '';
  if (one.body === '' || !(/json|xml/.test(type) || one.body.startsWith('<'))) assert.equal(body, one.body);
  else if (type.includes('json')) assert.deepEqual(JSON.parse(body), JSON.parse(one.body));
  else assert.equal(comparable(body), comparable(one.body), protocol);
}

function compareCbor(response: WireResponse, { body = '' }: ResponseCase): void {
  if (body === '') assert.equal(response.body.toString(), '');
  else assert.deepEqual(decodeCbor(response.body as Uint8Array), decodeCbor(Buffer.from(body, 'base64')));
}

// The cases show a result without the metadata that every real answer carries.
function comparable(body: string): string {
  // The XML cases call one root both …Output and …Response; no client looks at it.
  const text = canonicalXml(body).replace(/^<(\w+?)(?:Output|Response)(?=[ >])/, '<$1').replace(/(?:Output|Response)>$/, '>');
  return text.replaceAll(' xmlns="https://example.com/"', '').replace(/<ResponseMetadata>.*?<\/ResponseMetadata>/s, '').replace(/<(RequestId|requestId|RequestID)>.*?<\/\1>/s, '');
}
