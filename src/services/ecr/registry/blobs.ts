import { ServiceError } from '../../../base/errors.ts';
import type { FrontAnswer, FrontRequest } from '../../../framework/front.ts';
import { isDigest } from '../domain/manifest.ts';
import { openToken } from '../domain/token.ts';
import { addPart, beginUpload, completeUpload, mountLayer, requireUpload } from '../layers.ts';
import { repositoryAccess, requireRepository } from '../operation.ts';
import type { EcrDeps } from '../operation.ts';
import { clearUpload, layers } from '../store.ts';
import type { LayerRow } from '../store.ts';
import { RegistryError, answer } from './answers.ts';
import type { Visit } from './visit.ts';

const unsupported = (): RegistryError => new RegistryError(405, 'UNSUPPORTED', 'The operation is unsupported.');

/** GET and HEAD of a layer or a configuration. */
export async function answerBlob(visit: Visit, digest: string): Promise<FrontAnswer> {
  const { request: { head }, scope, name, deps } = visit;
  if (head.method !== 'GET' && head.method !== 'HEAD') throw unsupported();
  // User guide, "IAM permissions for pushing an image": clients look for layers with BatchCheckLayerAvailability.
  await visit.allow(head.method === 'HEAD' ? 'BatchCheckLayerAvailability' : 'GetDownloadUrlForLayer');
  const layer = await deps.store.read(async (tx) => layers.get(tx, scope, [(await requireRepository(tx, scope, name)).row.id, digest]));
  if (layer === undefined) throw new RegistryError(404, 'BLOB_UNKNOWN', 'The requested layer was not found.');
  return sendLayer(head, digest, layer, deps);
}

/** What a link of GetDownloadUrlForLayer leads to. */
export async function downloadByLink({ head }: FrontRequest, text: string, deps: EcrDeps): Promise<FrontAnswer> {
  const token = openToken(text, deps.sealKey);
  const isValid = token?.kind === 'download' && token.expiresAtMs > deps.clock.now() && head.path.endsWith(`/blobs/${token.digest}`);
  const layer = isValid ? await deps.store.read((tx) => layers.get(tx, { account: token.account, region: token.region }, [token.repositoryId, token.digest])) : undefined;
  if (!isValid || layer === undefined || (head.method !== 'GET' && head.method !== 'HEAD')) throw new RegistryError(403, 'DENIED', 'This link is not valid, or no longer.');
  return sendLayer(head, token.digest, layer, deps);
}

async function sendLayer({ method, headers }: FrontRequest['head'], digest: string, { blob, bytes }: LayerRow, { blobs }: EcrDeps): Promise<FrontAnswer> {
  const told = { 'content-type': 'application/octet-stream', 'docker-content-digest': digest, etag: `"${digest}"`, 'accept-ranges': 'bytes' };
  if (method === 'HEAD') return answer(200, { ...told, 'Content-Length': String(bytes) });
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(headers['range'] ?? '') ?? [];
  if (from === undefined) return answer(200, { ...told, 'Content-Length': String(bytes) }, await blobs.open(blob));
  const start = Number(from);
  const end = Math.min(to === undefined || to === '' ? bytes - 1 : Number(to), bytes - 1);
  if (start > end) return answer(416, { 'content-range': `bytes */${bytes}` });
  return answer(206, { ...told, 'Content-Length': String(end - start + 1), 'content-range': `bytes ${start}-${end}/${bytes}` }, await blobs.open(blob, { start, end }));
}

/** POST: begins an upload, does all of it at once (`digest`), or takes the layer from another repository (`mount`). */
export async function beginUploadFor(visit: Visit): Promise<FrontAnswer> {
  const { request: { head }, query, call, scope, name, deps } = visit;
  if (head.method !== 'POST') throw unsupported();
  await visit.allow('InitiateLayerUpload');
  const [mount, from, digest] = [query.get('mount'), query.get('from'), query.get('digest')];
  if (mount !== null && isDigest(mount) && from !== null && (await mayRead(visit, from)) && (await mountLayer({ scope, name: from }, { scope, name }, mount, call.nowMs, deps))) {
    return created(visit, mount);
  }
  const uploadId = await beginUpload({ scope, name }, call.nowMs, deps);
  if (digest === null) return progress(visit, uploadId, 0, 202);
  return finish(visit, uploadId, digest);
}

// Whoever may not read it there learns nothing of it: the layer is uploaded instead.
async function mayRead({ call, scope, deps }: Visit, from: string): Promise<boolean> {
  return (await call.permits(await repositoryAccess('BatchCheckLayerAvailability', scope, from, deps))) && (await call.permits(await repositoryAccess('GetDownloadUrlForLayer', scope, from, deps)));
}

/** What is done with an upload that has begun. */
export async function answerUpload(visit: Visit, uploadId: string): Promise<FrontAnswer> {
  const { request: { head }, query, scope, name, deps } = visit;
  const open = { scope, name, uploadId };
  switch (head.method) {
    case 'PATCH':
      await visit.allow('UploadLayerPart');
      return progress(visit, uploadId, await receive(visit, uploadId), 202);
    case 'PUT':
      return finish(visit, uploadId, query.get('digest') ?? '');
    case 'GET': {
      await visit.allow('UploadLayerPart');
      const { upload } = await deps.store.read((tx) => requireUpload(tx, open));
      return progress(visit, uploadId, upload.bytes, 204);
    }
    case 'DELETE':
      await visit.allow('UploadLayerPart');
      await deps.store.transact(async (tx) => clearUpload(tx, (await requireUpload(tx, open)).found, uploadId, deps.blobs));
      return answer(204);
    default:
      throw unsupported();
  }
}

async function finish(visit: Visit, uploadId: string, digest: string): Promise<FrontAnswer> {
  const { request: { head }, call, scope, name, deps } = visit;
  await visit.allow('CompleteLayerUpload');
  if (!isDigest(digest)) throw new RegistryError(400, 'DIGEST_INVALID', 'Provided digest did not match uploaded content.');
  const hasBody = head.headers['transfer-encoding'] !== undefined || Number(head.headers['content-length'] ?? 0) > 0;
  if (hasBody) {
    await visit.allow('UploadLayerPart');
    await receive(visit, uploadId);
  }
  await completeUpload({ scope, name, uploadId }, { digest, nowMs: call.nowMs, isStrict: false }, deps);
  return created(visit, digest);
}

async function receive({ request, call, scope, name, deps }: Visit, uploadId: string): Promise<number> {
  const { head } = request;
  const [, first, last] = /^(?:bytes[ =])?(\d+)-(\d+)/.exec(head.headers['content-range'] ?? '') ?? [];
  const refuse = (bytes: number): Error => new RegistryError(416, 'BLOB_UPLOAD_INVALID', 'The part does not begin where the last one ended.', rangeOf(bytes));
  const body = request.openBody();
  try {
    const part = { body, nowMs: call.nowMs, refuse, ...(first === undefined || last === undefined ? {} : { firstByte: Number(first), lastByte: Number(last) }) };
    return await addPart({ scope, name, uploadId }, part, deps);
  } catch (error) {
    if (error instanceof ServiceError || error instanceof RegistryError) throw error;
    if (request.signal.aborted) throw new RegistryError(400, 'BLOB_UPLOAD_INVALID', 'The upload was cut off.');
    throw error;
  }
}

const rangeOf = (bytes: number): Record<string, string> => ({ range: `0-${Math.max(0, bytes - 1)}` });

function progress({ name }: Visit, uploadId: string, bytes: number, status: 202 | 204): FrontAnswer {
  return answer(status, { location: `/v2/${name}/blobs/uploads/${uploadId}`, 'docker-upload-uuid': uploadId, ...rangeOf(bytes), 'Content-Length': '0' });
}

function created({ name }: Visit, digest: string): FrontAnswer {
  return answer(201, { location: `/v2/${name}/blobs/${digest}`, 'docker-content-digest': digest, 'Content-Length': '0' });
}
