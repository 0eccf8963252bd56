// Websites: GET and HEAD at `bucket.s3-website…`, as a browser wants them ("Hosting a static website using Amazon S3").

import { ServiceError } from '../../base/errors.ts';
import type { Call } from '../../framework/context.ts';
import type { FrontAnswer, FrontRequest } from '../../framework/front.ts';
import { objectAccess } from './access.ts';
import { openBody } from './bodies.ts';
import { encodePath, findRedirection, type WebsiteConfiguration } from './domain/website.ts';
import { lastModified } from './domain/objectRow.ts';
import { absent, errors } from './errors.ts';
import { findRequested, type Requested } from './operations/getObject.ts';
import type { S3Deps } from './operation.ts';
import { readSetting } from './settings.ts';

/** Serves a page, an error document or a redirect. */
export async function serveWebsite(request: FrontRequest, bucketName: string, deps: S3Deps): Promise<FrontAnswer> {
  const call = request.anonymousCall();
  const { method, path, headers } = request.head;
  const isHead = method === 'HEAD';
  let website: WebsiteConfiguration | undefined;
  try {
    if (method !== 'GET' && !isHead) throw errors.methodNotAllowed(method, 'OBJECT');
    website = (await readSetting<WebsiteConfiguration>(deps, { Bucket: bucketName }, 'website')).document;
    if (!website) throw absent.website(bucketName);
    return await servePage({ website, call, deps, bucketName, isHead, headers }, decodeURIComponent(path.replace(/^\//, '')));
  } catch (error) {
    if (error instanceof URIError) return errorPage(errors.invalidRequest("Couldn't parse the specified URI."), call, isHead);
    if (!(error instanceof ServiceError)) throw error;
    return errorPage(error, call, isHead);
  }
}

interface Visit {
  readonly website: WebsiteConfiguration;
  readonly call: Call;
  readonly deps: S3Deps;
  readonly bucketName: string;
  readonly isHead: boolean;
  readonly headers: Readonly<Record<string, string>>;
}

async function servePage(visit: Visit, key: string): Promise<FrontAnswer> {
  const { website, headers } = visit;
  const own = { host: headers['host'] ?? '', protocol: visit.call.endpoint.startsWith('https') ? 'https' : 'http' };
  const redirected = findRedirection(website, key, undefined, own);
  if (redirected) return redirect(redirected.status, redirected.location);
  const suffix = website.indexSuffix ?? 'index.html';
  const target = key === '' || key.endsWith('/') ? key + suffix : key;
  try {
    const found = await find(visit, target);
    if (found.row.redirect !== undefined) return redirect(301, found.row.redirect);
    return await page(visit, found, 200);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    if (error.status === 304) return { status: 304, headers: error.headers ?? {}, body: '' };
    // A folder without its slash leads to its index ("Configuring an index document"). Said in full: what begins with two slashes is a host.
    if (target === key && (await exists(visit, `${key}/${suffix}`))) return redirect(302, `${own.protocol}://${own.host}/${encodePath(key)}/`);
    const after = findRedirection(website, key, error.status, own);
    if (after) return redirect(after.status, after.location);
    if (website.errorKey === undefined || (error.status ?? 500) < 400) throw error;
    const found = await find({ ...visit, headers: {} }, website.errorKey).catch(() => undefined);
    if (!found) throw error;
    return await page(visit, found, error.status ?? 404);
  }
}

async function find({ call, deps, bucketName, headers }: Visit, key: string): Promise<Requested> {
  const input = { Bucket: bucketName, Key: key };
  await call.authorise(await objectAccess(['GetObject'], input, call, deps));
  const since = Date.parse(headers['if-modified-since'] ?? '');
  return await findRequested({ ...input, IfNoneMatch: headers['if-none-match'], IfModifiedSince: Number.isNaN(since) ? undefined : new Date(since), Range: headers['range'] }, call, deps);
}

async function exists(visit: Visit, key: string): Promise<boolean> {
  return await find({ ...visit, headers: {} }, key).then(() => true, () => false);
}

async function page({ deps, isHead, call }: Visit, { row, slices, range, partial }: Requested, status: number): Promise<FrontAnswer> {
  const { headers: kept } = row;
  const headers: Record<string, string> = {
    'Content-Type': kept.contentType ?? 'binary/octet-stream',
    'Content-Length': String(range.end - range.start + 1),
    ETag: `"${row.etag}"`,
    'Last-Modified': lastModified(row).toUTCString(),
    'x-amz-request-id': call.requestId,
    ...(kept.cacheControl === undefined ? {} : { 'Cache-Control': kept.cacheControl }),
    ...(kept.contentEncoding === undefined ? {} : { 'Content-Encoding': kept.contentEncoding }),
    ...(kept.contentLanguage === undefined ? {} : { 'Content-Language': kept.contentLanguage }),
    ...(partial ? { 'Content-Range': `bytes ${range.start}-${range.end}/${row.bytes}` } : {}),
  };
  return { status: partial && status === 200 ? 206 : status, headers, body: isHead ? '' : await openBody(deps, slices, range) };
}

function redirect(status: number, location: string): FrontAnswer {
  return { status, headers: { Location: location }, body: '' };
}

function errorPage(error: ServiceError, { requestId }: Call, isHead: boolean): FrontAnswer {
  const status = error.status ?? 500;
  const names: Readonly<Record<number, string>> = { 400: 'Bad Request', 403: 'Forbidden', 404: 'Not Found', 405: 'Method Not Allowed', 416: 'Requested Range Not Satisfiable' };
  const title = `${status} ${names[status] ?? error.code}`;
  const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const facts = { Code: error.code, Message: error.message, ...error.members, RequestId: requestId };
  const items = Object.entries(facts).filter(([, value]) => value !== undefined).map(([name, value]) => `<li>${name}: ${escape(String(value))}</li>`);
  const body = `<html>\n<head><title>${title}</title></head>\n<body>\n<h1>${title}</h1>\n<ul>\n${items.join('\n')}\n</ul>\n<hr/>\n</body>\n</html>\n`;
  return { status, headers: { 'Content-Type': 'text/html; charset=utf-8', 'x-amz-request-id': requestId }, body: isHead ? '' : body };
}
