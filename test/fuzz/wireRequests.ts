// Makes requests for real operations of every wire protocol, and breaks most of them.

import { Buffer } from 'node:buffer';
import { encode } from 'cbor-x';
import type { Member, OperationModel, Shape } from '../../src/wire/model.ts';
import type { ProtocolName } from '../../src/wire/types.ts';
import type { Dice } from './hostileStreams.ts';

export interface FuzzRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

const oddTexts = ['', 'a', '../../etc/passwd', '\u0000', '\ud800', '%', '%zz', '\r\nx: y', '__proto__', 'constructor', '${jndi:x}', '💥'.repeat(50), 'x'.repeat(3_000), '1e999', '-0', 'NaN', 'true', '<a>', '&#x0;', ']]>', '{"a":1}', 'arn:aws:iam::000000000000:role/r', '2026-01-01T00:00:00Z'] as const;
const oddNumbers = [0, -1, 1, 0.5, 2 ** 31, 2 ** 53, -(2 ** 63), 1e308] as const;

/** A value that fits the shape more or less. */
function valueOf(shape: Shape, dice: Dice, depth = 0): unknown {
  if (dice.chance(0.05)) return dice.pick([null, true, 'text', 5, [], {}, [[]], { a: { b: null } }]);
  switch (shape.kind) {
    case 'structure': {
      const wanted = shape.members.filter(({ required }) => (required ? dice.chance(0.95) : depth < 3 && dice.chance(0.25)));
      return Object.fromEntries((shape.union ? wanted.slice(0, 1) : wanted).map((member) => [member.name, valueOf(member.target, dice, depth + 1)]));
    }
    case 'list':
      return depth > 5 ? [] : Array.from({ length: dice.below(3) }, () => valueOf(shape.member.target, dice, depth + 1));
    case 'map':
      return depth > 5 ? {} : Object.fromEntries(Array.from({ length: dice.below(3) }, () => [textOf(dice), valueOf(shape.value.target, dice, depth + 1)]));
    default:
      return scalarOf(shape.type, shape.values, dice);
  }
}

const textOf = (dice: Dice): string => (dice.chance(0.5) ? `name${dice.below(100)}` : dice.pick([...oddTexts]));

function scalarOf(type: string, values: readonly string[] | undefined, dice: Dice): unknown {
  if (type === 'boolean') return dice.chance(0.5);
  if (type === 'blob') return dice.chance(0.8) ? Buffer.from(textOf(dice)).toString('base64') : textOf(dice);
  if (type === 'document') return dice.pick([null, [1, { a: 'b' }], 'text', 1e300]);
  if (type === 'string' || type === 'character') return values && dice.chance(0.8) ? values[dice.below(values.length)] : textOf(dice);
  return dice.chance(0.7) ? dice.below(1_000) : dice.pick([...oddNumbers]);
}

/** A request for the operation over one of its service's protocols. */
export function requestFor(operation: OperationModel, protocol: ProtocolName, dice: Dice): FuzzRequest {
  const { service, input } = operation;
  const value = (input ? valueOf(input, dice) : {}) as Record<string, unknown> | null;
  const members = typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
  const scope = `test/20260101/us-east-1/${service.signingNames[0] ?? 'x'}/aws4_request`;
  const headers: Record<string, string> = { host: '127.0.0.1:4566', authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`, 'x-amz-date': '20260101T000000Z' };
  let [path, query, method, body]: [string, string, string, Buffer] = ['/', '', 'POST', Buffer.alloc(0)];
  if (protocol === 'awsJson1_0' || protocol === 'awsJson1_1') {
    headers['content-type'] = `application/x-amz-json-1.${protocol.at(-1)}`;
    headers['x-amz-target'] = `${service.targetPrefix}.${operation.name}`;
    body = Buffer.from(JSON.stringify(value) ?? '');
  } else if (protocol === 'awsQuery' || protocol === 'ec2Query') {
    headers['content-type'] = 'application/x-www-form-urlencoded';
    body = Buffer.from(`Action=${operation.name}&Version=${service.version}${formOf('', members)}`);
  } else if (protocol === 'rpcv2Cbor') {
    headers['smithy-protocol'] = 'rpc-v2-cbor';
    headers['content-type'] = 'application/cbor';
    path = `/service/${service.targetPrefix ?? service.sdkId}/operation/${operation.name}`;
    body = Buffer.from(encode(value));
  } else {
    ({ path, query } = uriOf(operation, members, dice));
    method = operation.method;
    for (const member of input?.members ?? []) if (member.location === 'header' && members[member.name] !== undefined) headers[member.httpName.toLowerCase()] = String(members[member.name]).slice(0, 1_000).replaceAll(/[^\x20-\x7e]/g, '?');
    if (method !== 'GET' && method !== 'HEAD') body = restBody(operation, protocol, members);
  }
  return { method, path, query, headers, body };
}

function restBody({ name, input }: OperationModel, protocol: ProtocolName, members: Record<string, unknown>): Buffer {
  const payload = input?.members.find((member) => member.location === 'payload');
  const inBody = Object.fromEntries((input?.members ?? []).filter((member) => member.location === undefined).map((member) => [member.jsonName, members[member.name]]));
  const content = payload ? members[payload.name] : inBody;
  if (protocol === 'restXml') return Buffer.from(typeof content === 'object' && content !== null ? xmlOf(payload?.xmlName ?? `${name}Request`, content) : String(content ?? ''));
  return Buffer.from(typeof content === 'string' ? content : (JSON.stringify(content) ?? ''));
}

function uriOf({ uri, input }: OperationModel, members: Record<string, unknown>, dice: Dice): { path: string; query: string } {
  const [pattern = '/', literal = ''] = uri.split('?');
  const path = pattern.replaceAll(/\{(\w+)\+?\}/g, (_, name: string) => {
    const member = input?.members.find((found: Member) => found.httpName === name || found.name === name);
    return encodeURIComponent(String(members[member?.name ?? ''] ?? `label${dice.below(9)}`).toWellFormed()) || 'x';
  });
  const pairs = (input?.members ?? []).filter(({ location, name }) => location === 'query' && members[name] !== undefined).map(({ httpName, name }) => `${httpName}=${encodeURIComponent(String(members[name]).toWellFormed())}`);
  return { path, query: [literal, ...pairs].filter((part) => part !== '').join('&') };
}

function formOf(prefix: string, value: unknown): string {
  if (Array.isArray(value)) return value.map((item, index) => formOf(`${prefix}.member.${index + 1}`, item)).join('');
  if (typeof value === 'object' && value !== null) return Object.entries(value).map(([name, item]) => formOf(prefix === '' ? name : `${prefix}.${name}`, item)).join('');
  return `&${prefix}=${encodeURIComponent(String(value).toWellFormed())}`;
}

function xmlOf(name: string, value: unknown): string {
  if (Array.isArray(value)) return value.map((item) => xmlOf(name, item)).join('');
  const tag = /^[A-Za-z_]\w*$/.test(name) ? name : 'x';
  if (typeof value === 'object' && value !== null) return `<${tag}>${Object.entries(value).map(([member, item]) => xmlOf(member, item)).join('')}</${tag}>`;
  return `<${tag}>${String(value)}</${tag}>`;
}

const tokens = [
  '[', ']', '{', '}', '"', '\\u', '\\', ',', ':', 'null', '[['.repeat(200), '{"a":'.repeat(200), '1e99999', '-', '9'.repeat(400), '\u0000', '\ufeff',
  '<', '>', '</', '/>', '<![CDATA[', ']]>', '<!--', '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>', '&b;', '&#xffffffff;', '&#0;', '<a>'.repeat(300), '<?xml?>',
  '&', '=', '%', '%00', '&a.member.99999999=1', '&a.member.-1=1', '&a.entry.1.key=__proto__', '&__proto__.a=1', '&a.b.c.d.e.f.g.h.i.j.k=1', '\r\n\r\n', '0\r\n',
  '\x9f', '\xff\xff', '\xbb\xff\xff\xff\xff\xff\xff\xff\xff', '\x9b\x00\x00\x00\x01\x00\x00\x00\x00', '\xd8\x1d', '\xf9\x7e\x00', '\x82'.repeat(300),
] as const;

/** The request, broken in a few places. */
export function breakRequest(request: FuzzRequest, dice: Dice): FuzzRequest {
  let { path, query, method } = request;
  const headers = { ...request.headers };
  let body = request.body.toString('latin1');
  for (let count = dice.below(4); count > 0; count -= 1) {
    const at = dice.below(body.length + 1);
    const cut = at + dice.below(12);
    body = dice.pick([
      () => body.slice(0, at) + dice.pick([...tokens]) + body.slice(at),
      () => body.slice(0, at) + body.slice(cut),
      () => body.slice(0, at),
      () => body.slice(0, cut) + body.slice(at),
      () => body.slice(0, at) + String.fromCharCode(dice.below(256)) + body.slice(at + 1),
    ])();
  }
  if (dice.chance(0.1)) path = `${path}/${dice.pick(['..', '%2e%2e', '%', '%zz', '//', 'a%00b', '%c3%28'])}`;
  if (dice.chance(0.1)) query = `${query}&${dice.pick(['a', '=', '&&', 'x=%', 'list-type=2', 'versions', 'uploads', 'X-Amz-Algorithm=AWS4-HMAC-SHA256', 'X-Amz-Credential=a/b', '%ff=%ff'])}`;
  if (dice.chance(0.05)) method = dice.pick(['GET', 'PUT', 'POST', 'DELETE', 'HEAD', 'PATCH', 'OPTIONS']);
  if (dice.chance(0.1)) Object.assign(headers, crookedHeader(dice));
  return { method, path, query, headers, body: Buffer.from(body, 'latin1') };
}

function crookedHeader(dice: Dice): Record<string, string> {
  return dice.pick<Record<string, string>>([
    { authorization: dice.pick(['AWS4-HMAC-SHA256', 'AWS4-HMAC-SHA256 Credential=', 'AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=, Signature=', 'Bearer x', 'Basic x', 'AWS a:b', 'AWS ', '']) },
    { 'content-type': dice.pick(['', 'application/json', 'application/x-www-form-urlencoded', 'application/cbor', 'multipart/form-data; boundary=', 'multipart/form-data; boundary=a', 'text/xml', 'application/x-amz-json-1.0', ';;;']) },
    { 'x-amz-target': dice.pick(['', '.', 'A.B.C', 'DynamoDB_20120810.', '.GetItem', 'x'.repeat(1_000)]) },
    { 'content-encoding': dice.pick(['gzip', 'aws-chunked', 'gzip, aws-chunked', 'br', 'x']) },
    { 'x-amz-content-sha256': dice.pick(['STREAMING-UNSIGNED-PAYLOAD-TRAILER', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD', 'STREAMING-x', 'UNSIGNED-PAYLOAD', 'e'.repeat(64)]), 'x-amz-decoded-content-length': dice.pick(['5', '-1', 'NaN', '99999999999']) },
    { 'x-amz-trailer': dice.pick(['x-amz-checksum-crc32', 'a,b', '']), 'x-amz-checksum-crc32': dice.pick(['', 'AAAAAA==', 'x']), 'content-md5': dice.pick(['', 'x', 'AAAA']) },
    { host: dice.pick(['bucket.localhost', 'a..b.s3.amazonaws.com', '', '[::1]', 'x'.repeat(300), 's3.us-east-1.amazonaws.com']) },
    { range: dice.pick(['bytes=0-', 'bytes=-0', 'bytes=5-1', 'bytes=0-99999999999999999999', 'x']) },
    { 'if-modified-since': 'yesterday', 'x-amz-meta-\u00e9': 'x', 'x-amz-tagging': 'a=b&a=b&%=%' },
    { 'smithy-protocol': dice.pick(['rpc-v2-cbor', 'x']) },
  ]);
}
