import type { FrontAnswer } from '../../../framework/front.ts';
import { isDigest } from '../domain/manifest.ts';
import { isTag } from '../domain/names.ts';
import { findImage, notePull, putImage, removeImage } from '../images.ts';
import { manifestBytesMax } from '../limits.ts';
import { requireRepository } from '../operation.ts';
import { images, listTags, referrers, tags } from '../store.ts';
import { RegistryError, answer, answerJson } from './answers.ts';
import { countOf, nextLink } from './visit.ts';
import type { Visit } from './visit.ts';

/** Everything that is done with a manifest, by its tag or its digest. */
export async function answerManifest(visit: Visit, reference: string): Promise<FrontAnswer> {
  if (!isDigest(reference) && !isTag(reference)) throw new RegistryError(400, reference.includes(':') ? 'DIGEST_INVALID' : 'TAG_INVALID', `Invalid reference '${reference}'`);
  switch (visit.request.head.method) {
    case 'GET':
    case 'HEAD':
      return sendManifest(visit, reference);
    case 'PUT':
      return takeManifest(visit, reference);
    case 'DELETE':
      return deleteManifest(visit, reference);
    default:
      throw new RegistryError(405, 'UNSUPPORTED', 'The operation is unsupported.');
  }
}

async function sendManifest(visit: Visit, reference: string): Promise<FrontAnswer> {
  const { request: { head }, call, scope, name, deps } = visit;
  await visit.allow('BatchGetImage');
  const { found, stored } = await deps.store.read(async (tx) => {
    const found = await requireRepository(tx, scope, name);
    return { found, stored: await findImage(tx, found, reference) };
  });
  if (stored === undefined) throw new RegistryError(404, 'MANIFEST_UNKNOWN', 'Requested image not found');
  const headers = { 'content-type': stored.image.mediaType, 'docker-content-digest': stored.digest, etag: `"${stored.digest}"`, 'Content-Length': String(stored.image.manifestBytes) };
  if (head.method === 'HEAD') return answer(200, headers);
  await notePull(found, stored, call.nowMs, deps);
  return answer(200, headers, await deps.blobs.read(stored.image.manifest));
}

async function takeManifest(visit: Visit, reference: string): Promise<FrontAnswer> {
  const { request, call, scope, name, deps } = visit;
  await visit.allow('PutImage');
  const body = await request.readBody(manifestBytesMax, () => new RegistryError(413, 'SIZE_INVALID', `A manifest may be at most ${manifestBytesMax} bytes.`) as never);
  const named = isDigest(reference) ? { digest: reference, tag: undefined } : { digest: undefined, tag: reference };
  const mediaType = request.head.headers['content-type']?.split(';')[0]?.trim();
  const text = Buffer.from(body).toString('utf8');
  const { digest, image } = await putImage({ scope, name }, { text, mediaType: mediaType === '' ? undefined : mediaType, ...named, nowMs: call.nowMs, isStrict: false }, deps);
  return answer(201, { location: `/v2/${name}/manifests/${digest}`, 'docker-content-digest': digest, 'Content-Length': '0', ...(image.subject === undefined ? {} : { 'oci-subject': image.subject }) });
}

/** A tag is taken off; a digest takes the image with all its tags. */
async function deleteManifest(visit: Visit, reference: string): Promise<FrontAnswer> {
  const { scope, name, deps } = visit;
  await visit.allow('BatchDeleteImage');
  await deps.store.transact(async (tx) => {
    const found = await requireRepository(tx, scope, name);
    const stored = await findImage(tx, found, reference);
    if (stored === undefined) throw new RegistryError(404, 'MANIFEST_UNKNOWN', 'Requested image not found');
    if (isDigest(reference)) await removeImage(tx, found, stored, deps);
    else tags.clear(tx, scope, [found.row.id, reference]);
  });
  return answer(202);
}

export async function listTagNames(visit: Visit): Promise<FrontAnswer> {
  const { query, scope, name, deps } = visit;
  await visit.allow('ListImages');
  const all = await deps.store.read(async (tx) => (await listTags(tx, await requireRepository(tx, scope, name))).map(([tag]) => tag));
  const last = query.get('last');
  const rest = last === null ? all : all.filter((tag) => tag > last);
  const page = rest.slice(0, countOf(query, 1_000));
  const path = `/v2/${name}/tags/list`;
  return answerJson({ name, tags: page }, rest.length > page.length ? nextLink(path, page.length, page.at(-1) ?? '') : {});
}

/** What names an image as its subject: signatures, bills of materials. */
export async function listReferrers(visit: Visit, digest: string): Promise<FrontAnswer> {
  const { query, scope, name, deps } = visit;
  await visit.allow('BatchGetImage');
  if (!isDigest(digest)) throw new RegistryError(400, 'DIGEST_INVALID', `Invalid digest '${digest}'`);
  const found = await deps.store.read(async (tx) => {
    const { row } = await requireRepository(tx, scope, name);
    const referring = await referrers.list(tx, scope, [row.id, digest], { limit: 1_000 });
    return Promise.all(referring.map(async ({ parts: [, , own] }) => ({ digest: String(own), image: await images.get(tx, scope, [row.id, String(own)]) })));
  });
  const type = query.get('artifactType');
  const manifests = found.flatMap(({ digest: own, image }) =>
    image === undefined || (type !== null && image.artifactMediaType !== type)
      ? []
      : [{ mediaType: image.mediaType, digest: own, size: image.manifestBytes, ...(image.artifactMediaType === undefined ? {} : { artifactType: image.artifactMediaType }) }],
  );
  const index = { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests };
  return answerJson(index, { 'content-type': 'application/vnd.oci.image.index.v1+json', ...(type === null ? {} : { 'oci-filters-applied': 'artifactType' }) });
}
