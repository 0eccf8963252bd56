// POST Object: an upload by a form in a browser, under a policy that somebody has signed.

import { createHash } from 'node:crypto';
import { hexId } from '../../base/ids.ts';
import type { Call } from '../../framework/context.ts';
import { digestPassing } from '../../framework/digestBody.ts';
import type { FrontAnswer, FrontRequest, SignedPolicy } from '../../framework/front.ts';
import { objectAccess } from './access.ts';
import { writeBody } from './bodies.ts';
import { defaultAlgorithm } from './domain/checksums.ts';
import { type Form, readForm } from './domain/formReader.ts';
import { requirePolicy } from './domain/postPolicy.ts';
import { encodeKey } from './domain/encodeKey.ts';
import { errors } from './errors.ts';
import { inlineBytesMax, singlePutBytesMax } from './limits.ts';
import { draftObject, requireKey } from './objectDraft.ts';
import type { S3Deps } from './operation.ts';
import { findBucketNow } from './reading.ts';
import { commitObject } from './writeObject.ts';

/** Serves one form. */
export async function postObject(request: FrontRequest, bucketName: string, deps: S3Deps): Promise<FrontAnswer> {
  const form = await readForm(request.openBody(), request.head.headers['content-type'] ?? '');
  const fields = new Map([...form.fields, ['bucket', bucketName]]);
  const key = requireKey(fields.get('key')?.replaceAll('${filename}', form.file.fileName ?? ''));
  fields.set('key', key);
  const signed = signedPolicyOf(fields);
  const call = signed ? await request.signedCall(signed) : request.anonymousCall();
  const bucket = await findBucketNow(deps, bucketName);
  const actions = ['PutObject', ...(fields.has('acl') ? ['PutObjectAcl'] : []), ...(fields.has('tagging') ? ['PutObjectTagging'] : [])];
  await call.authorise(await objectAccess(actions, { Bucket: bucketName, Key: key }, call, deps, conditionsOf(fields)));
  const checked = new Map(fields);
  if (!form.fields.has('bucket')) checked.delete('bucket');
  const allowed = signed ? requirePolicy(signed.policy, withBucket(checked, bucketName), call.nowMs) : { bytesMin: 0, bytesMax: singlePutBytesMax };
  const { draft, key: secret } = await draftObject(deps, call, bucket, key, membersOf(fields, form));
  let digests = { md5: '', crc64nvme: '' };
  const source = digestPassing(limited(form.body, Math.min(allowed.bytesMax, singlePutBytesMax)), ['md5', 'crc64nvme'], (found) => (digests = found));
  const body = await writeBody(deps, ...(await smallOrNot(source)), secret);
  if (body.bytes < allowed.bytesMin) {
    await body.abandon();
    throw errors.entityTooSmallForm(body.bytes, allowed.bytesMin);
  }
  const etag = secret ? hexId(deps.random, 32) : Buffer.from(digests.md5, 'base64').toString('hex');
  const checksum = { algorithm: defaultAlgorithm, value: digests.crc64nvme, type: 'FULL_OBJECT' as const };
  const written = await commitObject(deps, call, bucketName, key, { draft, body, etag, checksum, conditions: {}, event: 'ObjectCreated:Post' });
  return answer(call, fields, { bucketName, key, etag, versionId: written.bucket.versioning === undefined ? undefined : written.row.versionId });
}

// The policy may name the bucket whether or not the form repeats it.
function withBucket(fields: ReadonlyMap<string, string>, bucketName: string): ReadonlyMap<string, string> {
  const all = new Map(fields);
  if (!all.has('bucket')) {
    const policy = Buffer.from(all.get('policy') ?? '', 'base64').toString('utf8');
    if (policy.includes('bucket')) all.set('bucket', bucketName);
  }
  return all;
}

function signedPolicyOf(fields: ReadonlyMap<string, string>): SignedPolicy | undefined {
  const policy = fields.get('policy');
  if (policy === undefined) return undefined;
  const missing = (name: string) => errors.invalidArgument(`Bucket POST must contain a field named '${name}'.  If it is specified, please check the order of the fields.`, name, '');
  const sessionToken = fields.get('x-amz-security-token');
  if (fields.has('awsaccesskeyid')) {
    const signature = fields.get('signature');
    if (signature === undefined) throw missing('signature');
    return { policy, accessKeyId: fields.get('awsaccesskeyid') ?? '', signature, sessionToken, scope: undefined };
  }
  const [accessKeyId = '', date = '', region = '', service = '', end] = (fields.get('x-amz-credential') ?? '').split('/');
  const signature = fields.get('x-amz-signature');
  if (signature === undefined) throw missing('X-Amz-Signature');
  if (end !== 'aws4_request') throw missing('X-Amz-Credential');
  if (fields.get('x-amz-algorithm') !== 'AWS4-HMAC-SHA256') throw missing('X-Amz-Algorithm');
  return { policy, accessKeyId, signature, sessionToken, scope: { date, region, service } };
}

function membersOf(given: ReadonlyMap<string, string>, form: Form) {
  const fields = new Map([...given].map(([name, value]) => [name, name === 'tagging' ? value : asHeader(value)]));
  const metadata = [...fields].filter(([name]) => name.startsWith('x-amz-meta-')).map(([name, value]) => [name.slice('x-amz-meta-'.length), value] as const);
  return {
    ACL: fields.get('acl'),
    CacheControl: fields.get('cache-control'),
    ContentDisposition: fields.get('content-disposition'),
    ContentEncoding: fields.get('content-encoding'),
    ContentType: fields.get('content-type') ?? form.file.contentType,
    Expires: fields.get('expires'),
    Metadata: metadata.length > 0 ? Object.fromEntries(metadata) : undefined,
    StorageClass: fields.get('x-amz-storage-class'),
    Tagging: taggingOf(fields.get('tagging')),
    WebsiteRedirectLocation: fields.get('x-amz-website-redirect-location'),
    ServerSideEncryption: fields.get('x-amz-server-side-encryption'),
    SSEKMSKeyId: fields.get('x-amz-server-side-encryption-aws-kms-key-id'),
  };
}

// What policies ask of uploads is asked of forms too.
function conditionsOf(fields: ReadonlyMap<string, string>): Record<string, string> {
  const acl = fields.get('acl');
  const asked = ['x-amz-server-side-encryption', 'x-amz-server-side-encryption-aws-kms-key-id', 'x-amz-storage-class', 'x-amz-website-redirect-location'];
  const named = asked.flatMap((name) => (fields.has(name) ? [[`s3:${name}`, fields.get(name) ?? '']] : []));
  return { 's3:authType': 'POST', ...(acl === undefined ? {} : { 's3:x-amz-acl': acl }), ...(Object.fromEntries(named) as Record<string, string>) };
}

// As the same text arrives in a header: the bytes of UTF-8, and none that would end a line.
function asHeader(value: string): string {
  return Buffer.from(value, 'utf8').toString('latin1').replace(/[\0-\x08\x0a-\x1f\x7f]+/g, ' ');
}

// Forms carry tags as the document of PutObjectTagging.
function taggingOf(xml: string | undefined): string | undefined {
  if (xml === undefined) return undefined;
  const tags = [...xml.matchAll(/<Tag>\s*<Key>([^<]*)<\/Key>\s*<Value>([^<]*)<\/Value>\s*<\/Tag>/g)];
  return new URLSearchParams(tags.map(([, name = '', value = '']): [string, string] => [name, value])).toString();
}

async function* limited(source: AsyncIterable<Uint8Array>, bytesMax: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const piece of source) {
    bytes += piece.length;
    if (bytes > bytesMax) throw errors.entityTooLarge(bytes, bytesMax);
    yield piece;
  }
}

/** A form does not say how long its file is: what fits is looked at first. */
async function smallOrNot(source: AsyncGenerator<Uint8Array>): Promise<[AsyncIterable<Uint8Array>, number]> {
  const begun: Uint8Array[] = [];
  let bytes = 0;
  for (;;) {
    const next = await source.next();
    if (next.done) return [pieces(begun), bytes];
    begun.push(next.value);
    bytes += next.value.length;
    if (bytes > inlineBytesMax) return [pieces(begun, source), Number.MAX_SAFE_INTEGER];
  }
}

async function* pieces(begun: readonly Uint8Array[], rest?: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* begun;
  if (rest) yield* rest;
}

function answer(call: Call, fields: ReadonlyMap<string, string>, about: { readonly bucketName: string; readonly key: string; readonly etag: string; readonly versionId: string | undefined }): FrontAnswer {
  const { bucketName, key, etag, versionId } = about;
  const location = `${call.endpoint}/${bucketName}/${encodeKey(key).replaceAll('+', '%20')}`;
  const headers = {
    'x-amz-request-id': call.requestId,
    'x-amz-id-2': createHash('md5').update(call.requestId).digest('base64'),
    ETag: `"${etag}"`,
    Location: location,
    ...(versionId === undefined ? {} : { 'x-amz-version-id': versionId }),
  };
  const redirect = fields.get('success_action_redirect') ?? fields.get('redirect');
  if (redirect !== undefined && URL.canParse(redirect)) {
    const url = new URL(redirect);
    for (const [name, value] of [['bucket', bucketName], ['key', key], ['etag', `"${etag}"`]] as const) url.searchParams.append(name, value);
    return { status: 303, headers: { ...headers, Location: url.toString() }, body: '' };
  }
  const status = fields.get('success_action_status');
  if (status !== '201') return { status: status === '200' ? 200 : 204, headers, body: '' };
  const text = (value: string): string => value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<PostResponse><Location>${text(location)}</Location><Bucket>${bucketName}</Bucket><Key>${text(key)}</Key><ETag>&quot;${etag}&quot;</ETag></PostResponse>`;
  return { status: 201, headers: { ...headers, 'Content-Type': 'application/xml' }, body };
}
