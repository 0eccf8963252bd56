//   repository  name -> RepositoryRow
//   policy      repository id -> DocumentRow        lifecycle, preview  repository id -> DocumentRow
//   image       repository id, digest -> ImageRow   tag  repository id, tag -> TagRow
//   referrer    repository id, subject digest, digest -> {}
//   layer       repository id, digest -> LayerRow
//   upload      repository id, upload id -> UploadRow   part  repository id, upload id, first byte -> PartRow
// Every row that names a blob owns it: a layer that is mounted elsewhere is a second name of the same file.
import type { BlobId, BlobStore } from '../../blob/blobStore.ts';
import type { ReadTransaction, Transaction } from '../../kv/store.ts';
import { defineTable } from '../../kv/table.ts';
import type { Scope } from '../../kv/table.ts';
import { scanRows } from './limits.ts';

export type Mutability = 'MUTABLE' | 'IMMUTABLE' | 'MUTABLE_WITH_EXCLUSION' | 'IMMUTABLE_WITH_EXCLUSION';

export interface RepositoryRow {
  /** Of this one: another repository of the same name has another. */
  readonly id: string;
  readonly createdAtMs: number;
  readonly mutability: Mutability;
  /** Patterns of tags that are treated the other way round. */
  readonly exclusions?: readonly string[];
  /** Pairs, because users choose the names. */
  readonly tags: readonly (readonly [key: string, value: string])[];
}

export interface DocumentRow {
  readonly document: string;
  /** Of a lifecycle policy: when it was applied last. */
  readonly evaluatedAtMs?: number;
}

export interface ImageRow {
  readonly mediaType: string;
  readonly artifactMediaType?: string;
  readonly manifest: BlobId;
  readonly manifestBytes: number;
  /** Of its layers and its configuration. */
  readonly bytes: number;
  readonly pushedAtMs: number;
  /** Digests of the layers and the configuration, or of the images of an index. */
  readonly references: readonly string[];
  readonly isIndex?: true;
  readonly subject?: string;
  /** A day, as AWS tells it. */
  readonly pulledAtMs?: number;
}

export interface TagRow {
  readonly digest: string;
}

export interface LayerRow {
  readonly blob: BlobId;
  readonly bytes: number;
  readonly atMs: number;
}

export interface UploadRow {
  readonly bytes: number;
  readonly parts: number;
  readonly touchedAtMs: number;
}

export interface PartRow {
  readonly blob: BlobId;
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

const service = 'ecr';
export const repositories = defineTable<RepositoryRow>(service, 'repository');
export const policies = defineTable<DocumentRow>(service, 'policy');
export const lifecycles = defineTable<DocumentRow>(service, 'lifecycle');
export const previews = defineTable<DocumentRow>(service, 'preview');
export const images = defineTable<ImageRow>(service, 'image');
export const tags = defineTable<TagRow>(service, 'tag');
export const referrers = defineTable<Record<string, never>>(service, 'referrer');
export const layers = defineTable<LayerRow>(service, 'layer');
export const uploads = defineTable<UploadRow>(service, 'upload');
export const parts = defineTable<PartRow>(service, 'part');

/** A repository and where it is. */
export interface Found {
  readonly scope: Scope;
  readonly name: string;
  readonly row: RepositoryRow;
}

/** The tags of a repository, in the order of their names, as pairs of tag and digest. */
export async function listTags(tx: ReadTransaction, { scope, row }: Found): Promise<[tag: string, digest: string][]> {
  return (await listAll<TagRow>(tags, tx, scope, row.id)).map(({ parts: [, tag], row: { digest } }) => [String(tag), digest]);
}

export async function listImages(tx: ReadTransaction, { scope, row }: Found): Promise<{ digest: string; image: ImageRow }[]> {
  return (await listAll<ImageRow>(images, tx, scope, row.id)).map(({ parts: [, digest], row: image }) => ({ digest: String(digest), image }));
}

async function listAll<Row extends object>(table: ReturnType<typeof defineTable<Row>>, tx: ReadTransaction, scope: Scope, id: string) {
  const found: Awaited<ReturnType<typeof table.list>> = [];
  for (;;) {
    const last = found.at(-1);
    const page = await table.list(tx, scope, [id], { limit: scanRows, ...(last === undefined ? {} : { after: last.parts }) });
    found.push(...page);
    if (page.length < scanRows) return found;
  }
}

/** Takes an image away with its tags, given those of its repository. Its layers stay until no image has them: see {@link sweepLayers}. */
export function clearImage(tx: Transaction, found: Found, digest: string, image: ImageRow, tagged: readonly (readonly [string, string])[], blobs: Pick<BlobStore, 'discard'>): void {
  const { scope, row } = found;
  images.clear(tx, scope, [row.id, digest]);
  if (image.subject !== undefined) referrers.clear(tx, scope, [row.id, image.subject, digest]);
  for (const [tag, owner] of tagged) if (owner === digest) tags.clear(tx, scope, [row.id, tag]);
  blobs.discard(tx, image.manifest);
}

/** Removes the layers that no image of the repository names, except young ones: their image is on its way. */
export async function sweepLayers(tx: Transaction, found: Found, beforeMs: number, blobs: Pick<BlobStore, 'discard'>): Promise<void> {
  const { scope, row } = found;
  const needed = new Set((await listImages(tx, found)).flatMap(({ image }) => image.references));
  for (const { parts: [, digest], row: layer } of await listAll<LayerRow>(layers, tx, scope, row.id)) {
    if (needed.has(String(digest)) || layer.atMs > beforeMs) continue;
    layers.clear(tx, scope, [row.id, String(digest)]);
    blobs.discard(tx, layer.blob);
  }
}

/** Removes an upload with what had arrived of it. */
export async function clearUpload(tx: Transaction, { scope, row }: Found, uploadId: string, blobs: Pick<BlobStore, 'discard'>, kept?: BlobId): Promise<void> {
  for (const part of await parts.list(tx, scope, [row.id, uploadId], { limit: 10_000 })) {
    if (part.row.blob !== kept) blobs.discard(tx, part.row.blob);
  }
  parts.clearAll(tx, scope, [row.id, uploadId]);
  uploads.clear(tx, scope, [row.id, uploadId]);
}

/** Everything of a repository. */
export async function clearRepository(tx: Transaction, found: Found, blobs: Pick<BlobStore, 'discard'>): Promise<void> {
  const { scope, row, name } = found;
  for (const { image } of await listImages(tx, found)) blobs.discard(tx, image.manifest);
  for (const { row: layer } of await listAll<LayerRow>(layers, tx, scope, row.id)) blobs.discard(tx, layer.blob);
  for (const { row: part } of await listAll<PartRow>(parts, tx, scope, row.id)) blobs.discard(tx, part.blob);
  for (const table of [images, tags, referrers, layers, uploads, parts]) table.clearAll(tx, scope, [row.id]);
  policies.clear(tx, scope, [row.id]);
  lifecycles.clear(tx, scope, [row.id]);
  previews.clear(tx, scope, [row.id]);
  repositories.clear(tx, scope, [name]);
}
