// Images: manifests, and the tags that name them.
import type { ReadTransaction, Transaction } from '../../kv/store.ts';
import { digestOf, isDigest, parseManifest } from './domain/manifest.ts';
import type { Manifest } from './domain/manifest.ts';
import { isTag } from './domain/names.ts';
import { isTagFixed } from './domain/mutability.ts';
import { errors } from './errors.ts';
import { imagesPerRepositoryMax, manifestBytesMax, tagsPerImageMax } from './limits.ts';
import type { Place } from './layers.ts';
import { requireRepository } from './operation.ts';
import type { EcrDeps } from './operation.ts';
import { clearImage, images, layers, listImages, listTags, referrers, tags } from './store.ts';
import type { Found, ImageRow } from './store.ts';

export interface NewImage {
  readonly text: string;
  readonly mediaType: string | undefined;
  readonly tag: string | undefined;
  /** What the caller believes it is. */
  readonly digest: string | undefined;
  readonly nowMs: number;
  /** The API refuses an image that is there with this tag already; pushing it again through the registry is no error. */
  readonly isStrict: boolean;
}

export interface StoredImage {
  readonly digest: string;
  readonly image: ImageRow;
}

/** Stores a manifest, whose layers are here already, under its digest and perhaps a tag. */
export async function putImage({ scope, name }: Place, given: NewImage, { store, blobs }: EcrDeps): Promise<StoredImage> {
  const body = Buffer.from(given.text);
  if (body.length > manifestBytesMax) throw errors.limitExceeded(`An image manifest may be at most ${manifestBytesMax} bytes.`);
  const manifest = parseManifest(given.text, given.mediaType);
  const digest = digestOf(body);
  if (given.digest !== undefined && given.digest !== digest) throw errors.digestMismatch();
  if (given.tag !== undefined && !isTag(given.tag)) throw errors.invalidParameter("'imageTag' failed to satisfy constraint: 'must satisfy regular expression '\\w[\\w.-]{0,127}''");
  const put = await blobs.put(body);
  let isUsed = false;
  try {
    return await store.transact(async (tx) => {
      isUsed = false;
      const found = await requireRepository(tx, scope, name);
      const present = await images.get(tx, scope, [found.row.id, digest]);
      await moveTag(tx, found, digest, { ...given, isPresent: present !== undefined });
      if (present !== undefined) return { digest, image: present };
      await requireReferences(tx, found, manifest);
      const image = rowOf(manifest, put, given.nowMs);
      isUsed = true;
      blobs.adopt(tx, put.id);
      images.set(tx, scope, [found.row.id, digest], image);
      if (image.subject !== undefined) referrers.set(tx, scope, [found.row.id, image.subject, digest], {});
      return { digest, image };
    });
  } finally {
    if (!isUsed) await blobs.delete(put.id);
  }
}

function rowOf({ mediaType, artifactMediaType, isIndex, references, subject }: Manifest, put: { readonly id: ImageRow['manifest']; readonly bytes: number }, nowMs: number): ImageRow {
  return {
    mediaType,
    ...(artifactMediaType === undefined ? {} : { artifactMediaType }),
    manifest: put.id,
    manifestBytes: put.bytes,
    // User guide: what DescribeImages tells of an index is the size of its manifest's images, which it does not know; so ours is that of what it names.
    bytes: references.reduce((sum, { bytes }) => sum + bytes, 0),
    pushedAtMs: nowMs,
    references: references.filter(({ isElsewhere }) => !isElsewhere).map((reference) => reference.digest),
    ...(isIndex ? { isIndex: true as const } : {}),
    ...(subject === undefined ? {} : { subject }),
  };
}

async function moveTag(tx: Transaction, found: Found, digest: string, { tag, isStrict, isPresent }: Pick<NewImage, 'tag' | 'isStrict'> & { readonly isPresent: boolean }): Promise<void> {
  const { scope, name, row } = found;
  const owner = tag === undefined ? undefined : await tags.get(tx, scope, [row.id, tag]);
  if (isPresent && isStrict && (tag === undefined || owner?.digest === digest)) throw errors.imageExists(digest, tag, name, scope.account);
  if (tag === undefined || owner?.digest === digest) return;
  if (owner !== undefined && isTagFixed(row, tag)) throw errors.tagImmutable(tag, name);
  if (isPresent) {
    const own = (await listTags(tx, found)).filter(([, of]) => of === digest);
    if (own.length >= tagsPerImageMax) throw errors.limitExceeded(`An image may have at most ${tagsPerImageMax} tags.`);
  }
  tags.set(tx, scope, [row.id, tag], { digest });
}

async function requireReferences(tx: Transaction, found: Found, manifest: Manifest): Promise<void> {
  const { scope, name, row } = found;
  const table = manifest.isIndex ? images : layers;
  const missing: string[] = [];
  for (const { digest, isElsewhere } of manifest.references) {
    if (!isElsewhere && (await table.get(tx, scope, [row.id, digest])) === undefined) missing.push(digest);
  }
  if (missing.length > 0) throw manifest.isIndex ? errors.referencedImagesNotFound(missing, name, scope.account) : errors.layersNotFound(missing, name, scope.account);
  if ((await images.list(tx, scope, [row.id], { limit: 1 })).length > 0 && (await countImages(tx, found)) >= imagesPerRepositoryMax) throw errors.limitExceeded(`A repository may have at most ${imagesPerRepositoryMax} images.`);
}

// Rows are counted only where there are many: a repository of more than a page.
async function countImages(tx: ReadTransaction, found: Found): Promise<number> {
  const first = await images.list(tx, found.scope, [found.row.id], { limit: 500 });
  return first.length < 500 ? first.length : (await listImages(tx, found)).length;
}

/** An image by its digest or by a tag; undefined when there is none. */
export async function findImage(tx: ReadTransaction, { scope, row }: Found, reference: string): Promise<StoredImage | undefined> {
  const digest = isDigest(reference) ? reference : (await tags.get(tx, scope, [row.id, reference]))?.digest;
  const image = digest === undefined ? undefined : await images.get(tx, scope, [row.id, digest]);
  return digest === undefined || image === undefined ? undefined : { digest, image };
}

/** Notes the day on which an image was pulled, as DescribeImages tells it. */
export async function notePull(found: Found, { digest, image }: StoredImage, nowMs: number, { store }: Pick<EcrDeps, 'store'>): Promise<void> {
  const dayMs = 86_400_000;
  const day = Math.floor(nowMs / dayMs) * dayMs;
  if (image.pulledAtMs === day) return;
  await store.transact(async (tx) => {
    const current = await images.get(tx, found.scope, [found.row.id, digest]);
    if (current !== undefined) images.set(tx, found.scope, [found.row.id, digest], { ...current, pulledAtMs: day });
  });
}

/** Removes an image with all its tags; throws when an index names it. */
export async function removeImage(tx: Transaction, found: Found, { digest, image }: StoredImage, { blobs }: Pick<EcrDeps, 'blobs'>): Promise<void> {
  const parents = (await listImages(tx, found)).filter((other) => other.image.isIndex && other.image.references.includes(digest)).map((other) => other.digest);
  if (parents.length > 0) throw errors.referencedByManifest(digest, parents);
  clearImage(tx, found, digest, image, await listTags(tx, found), blobs);
}
