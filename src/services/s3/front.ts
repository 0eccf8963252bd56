// What S3 answers besides its operations: preflights, forms and websites.

import type { FrontAnswer, FrontRequest } from '../../framework/front.ts';
import type { CrossOriginRequest } from '../../framework/service.ts';
import { corsHeaders, type CorsRule, findCorsRule } from './domain/cors.ts';
import { errors } from './errors.ts';
import type { S3Deps } from './operation.ts';
import { postObject } from './postObject.ts';
import { findBucket, findSetting } from './store.ts';
import { serveWebsite } from './website.ts';

/** Answers a request that is none of the API. */
export async function answerFront(request: FrontRequest, deps: S3Deps): Promise<FrontAnswer | undefined> {
  const { method, headers } = request.head;
  // API reference, "Error responses", InvalidRequest.
  if (/\.s3-accelerate\./.test(headers['host'] ?? '')) throw errors.invalidRequest('S3 Transfer Acceleration is not configured on this bucket');
  if (/\.s3-(?:accesspoint|object-lambda|outposts)[.-]/.test(headers['host'] ?? '')) throw errors.unsupported('An access point');
  // It has the route of ListBuckets at a host of its own, and would be taken for that.
  if (request.head.path === '/' && /(?:^|&)x-id=ListDirectoryBuckets(?:&|$)/.test(request.head.query)) throw errors.unsupported('A directory bucket');
  if (method === 'OPTIONS') return await answerPreflight(request, deps);
  if (request.bucket !== undefined && /\.s3-website[.-]/.test(headers['host'] ?? '')) return await serveWebsite(request, request.bucket, deps);
  const form = method === 'POST' && headers['content-type']?.startsWith('multipart/form-data');
  const bucketName = bucketOf(request);
  if (form && bucketName !== undefined && isBucketPath(request)) return await postObject(request, bucketName, deps);
  return undefined;
}

/** The header fields that let a page read the answer to its request. */
export async function answerCrossOrigin({ head, bucket }: CrossOriginRequest, deps: S3Deps): Promise<Readonly<Record<string, string>> | undefined> {
  const { origin } = head.headers;
  if (origin === undefined) return undefined;
  const request = { origin, method: head.method, headers: [] };
  const rules = await corsRulesOf(bucketOf({ head, bucket }), deps);
  const rule = findCorsRule(rules ?? [], request);
  return rule && corsHeaders(rule, request);
}

async function answerPreflight(request: FrontRequest, deps: S3Deps): Promise<FrontAnswer> {
  const { headers } = request.head;
  const { origin } = headers;
  const method = headers['access-control-request-method'];
  if (origin === undefined) throw errors.badRequest('Insufficient information. Origin request header needed.');
  if (method === undefined) throw errors.badRequest('Invalid Access-Control-Request-Method: null');
  const rules = await corsRulesOf(bucketOf(request), deps);
  const resourceType = isBucketPath(request) ? 'BUCKET' : 'OBJECT';
  if (!rules) throw errors.crossOriginDisabled(method, resourceType);
  const wanted = (headers['access-control-request-headers'] ?? '').split(',').map((name) => name.trim()).filter((name) => name !== '');
  const asked = { origin, method, headers: wanted };
  const rule = findCorsRule(rules, asked);
  if (!rule) throw errors.crossOriginForbidden(method, resourceType);
  return { status: 200, headers: { ...corsHeaders(rule, asked), 'x-amz-request-id': request.requestId }, body: '' };
}

async function corsRulesOf(bucketName: string | undefined, { store }: S3Deps): Promise<readonly CorsRule[] | undefined> {
  if (bucketName === undefined) return undefined;
  return await store.read(async (tx) => {
    const bucket = await findBucket(tx, bucketName);
    return bucket && (await findSetting<{ readonly rules: readonly CorsRule[] }>(tx, bucket, 'cors'))?.rules;
  });
}

function bucketOf({ head, bucket }: CrossOriginRequest): string | undefined {
  if (bucket !== undefined) return bucket;
  const name = head.path.split('/')[1];
  return name === '' ? undefined : name;
}

/** Whether the path names a bucket and no key. */
function isBucketPath({ head, bucket }: CrossOriginRequest): boolean {
  const segments = head.path.split('/').filter((segment) => segment !== '');
  return segments.length === (bucket === undefined ? 1 : 0);
}
