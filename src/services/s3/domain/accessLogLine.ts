// One line of a server access log ("Amazon S3 server access log format"): fields that are not known or do not apply are a dash.

import type { AnsweredRequest } from '../../../framework/service.ts';
import type { Caller } from '../../../ports/identity.ts';
import { canonicalIdOf } from './canonicalId.ts';

export interface LoggedBucket {
  readonly name: string;
  readonly account: string;
  readonly region: string;
}

/** Our own: what one line may take; longer ones lose the end of their address. */
const uriCharsMax = 4_096;
const agentCharsMax = 1_024;

/** What is logged of one request on a bucket: its own line, and one for each key of a batch of deletions. */
export function accessLogLines(request: AnsweredRequest, bucket: LoggedBucket): string[] {
  const key = textOf(request.input?.['Key']);
  const own = lineOf(request, bucket, operationOf(request), key);
  if (request.operation !== 'DeleteObjects' || request.status >= 300) return [own];
  const removed = (request.output?.['Deleted'] ?? []) as readonly { readonly Key?: string; readonly VersionId?: string }[];
  return [own, ...removed.map((one) => lineOf({ ...request, headers: one.VersionId === undefined ? {} : { 'x-amz-version-id': one.VersionId }, bytesSent: 0, status: 204 }, bucket, 'BATCH.DELETE.OBJECT', one.Key))];
}

function lineOf(request: AnsweredRequest, bucket: LoggedBucket, operation: string, key: string | undefined): string {
  const { head, call, status } = request;
  const isObject = operation.endsWith('.OBJECT') || operation.endsWith('.PART');
  const milliseconds = Math.max(1, Math.round(request.durationMs));
  return [
    canonicalIdOf(bucket.account),
    bucket.name,
    timeOf(request.nowMs),
    request.sourceIp,
    call ? requesterOf(call.caller) : '-',
    request.requestId,
    operation,
    key === undefined ? '-' : encodeKey(key),
    quoted(`${head.method} ${uriOf(request)} HTTP/1.1`),
    String(status),
    request.errorCode ?? '-',
    request.bytesSent > 0 ? String(request.bytesSent) : '-',
    isObject ? sizeOf(request) : '-',
    String(milliseconds),
    isObject ? String(milliseconds) : '-',
    quoted(head.headers['referer'] ?? '-'),
    quoted((head.headers['user-agent'] ?? '-').slice(0, agentCharsMax)),
    request.headers['x-amz-version-id'] ?? '-',
    Buffer.from(request.requestId).toString('base64'),
    ...authenticationOf(request),
    head.headers['host'] ?? '-',
    '-',
    '-',
    '-',
    bucket.region,
  ].join(' ');
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function timeOf(nowMs: number): string {
  const iso = new Date(nowMs).toISOString();
  return `[${iso.slice(8, 10)}/${months[Number(iso.slice(5, 7)) - 1]}/${iso.slice(0, 4)}:${iso.slice(11, 19)} +0000]`;
}

// "The canonical user ID of the requester, or a - for unauthenticated requests"; of users and sessions the ARN.
function requesterOf(caller: Caller): string {
  if (caller.kind === 'anonymous') return '-';
  return caller.kind === 'root' ? canonicalIdOf(caller.account) : caller.arn.replaceAll(/[\s"]/g, '+');
}

function uriOf({ head }: AnsweredRequest): string {
  return `${head.path}${head.query === '' ? '' : `?${head.query}`}`.slice(0, uriCharsMax);
}

// "URL encoded", which every field is once, so that no key ends a line or a field.
function encodeKey(key: string): string {
  return encodeURIComponent(key.toWellFormed()).replaceAll('%2F', '/');
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\u0000-\u001f\u007f]/g, (character) => encodeURIComponent(character))}"`;
}

function sizeOf({ head, headers, input }: AnsweredRequest): string {
  const range = /\/(\d+)$/.exec(headers['content-range'] ?? headers['Content-Range'] ?? '')?.[1];
  if (range !== undefined) return range;
  if (head.method === 'PUT') return textOf(input?.['CopySource']) === undefined ? (head.headers['x-amz-decoded-content-length'] ?? head.headers['content-length'] ?? '-') : '-';
  if (head.method !== 'GET' && head.method !== 'HEAD') return '-';
  return headers['content-length'] ?? headers['Content-Length'] ?? '-';
}

function authenticationOf({ head }: AnsweredRequest): [version: string, cipher: string, kind: string] {
  const authorization = head.headers['authorization'];
  if (authorization !== undefined) return [authorization.startsWith('AWS4-') ? 'SigV4' : 'SigV2', '-', 'AuthHeader'];
  if (/(?:^|&)X-Amz-Signature=/.test(head.query)) return ['SigV4', '-', 'QueryString'];
  if (/(?:^|&)Signature=/.test(head.query)) return ['SigV2', '-', 'QueryString'];
  return ['-', '-', '-'];
}

const special: Readonly<Record<string, string>> = {
  AbortMultipartUpload: 'REST.DELETE.UPLOAD',
  CompleteMultipartUpload: 'REST.POST.UPLOAD',
  CopyObject: 'REST.COPY.OBJECT',
  CreateMultipartUpload: 'REST.POST.UPLOADS',
  DeleteObjects: 'REST.POST.MULTI_OBJECT_DELETE',
  GetBucketLogging: 'REST.GET.LOGGING_STATUS',
  PutBucketLogging: 'REST.PUT.LOGGING_STATUS',
  ListMultipartUploads: 'REST.GET.UPLOADS',
  ListObjectVersions: 'REST.GET.BUCKETVERSIONS',
  ListObjects: 'REST.GET.BUCKET',
  ListObjectsV2: 'REST.GET.BUCKET',
  ListParts: 'REST.GET.UPLOAD',
  RestoreObject: 'REST.POST.RESTORE',
  UploadPart: 'REST.PUT.PART',
  UploadPartCopy: 'REST.COPY.PART',
};

// What an operation's name says of its resource, where that is not the same in capitals.
const resources: Readonly<Record<string, string>> = {
  BucketPolicy: 'BUCKETPOLICY',
  BucketLifecycleConfiguration: 'LIFECYCLE',
  BucketNotificationConfiguration: 'NOTIFICATION',
  BucketAccelerateConfiguration: 'ACCELERATE',
  ObjectTagging: 'OBJECT_TAGGING',
  ObjectAttributes: 'OBJECT_ATTRIBUTES',
  ObjectLockConfiguration: 'OBJECT_LOCK_CONFIGURATION',
  ObjectRetention: 'OBJECT_LOCK_RETENTION',
  ObjectLegalHold: 'OBJECT_LOCK_LEGALHOLD',
  ObjectTorrent: 'TORRENT',
  ObjectAcl: 'ACL',
};

/** "REST.HTTP_method.resource_type", or with WEBSITE for a website's host. */
function operationOf({ operation, head }: AnsweredRequest): string {
  if (operation === undefined) {
    const website = /\.s3-website[.-]/.test(head.headers['host'] ?? '');
    return `${website ? 'WEBSITE' : 'REST'}.${head.method}.${head.method === 'OPTIONS' ? 'PREFLIGHT' : 'OBJECT'}`;
  }
  const known = special[operation];
  if (known !== undefined) return known;
  const resource = operation.replace(/^(?:Create|Delete|Get|Head|List|Put|Rename|Select|Update)/, '');
  const short = resource === 'Bucket' ? resource : resource.replace(/^Bucket/, '').replace(/Configurations?$/, '');
  return `REST.${head.method}.${resources[resource] ?? short.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase()}`;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
