import type { Image, ImageDetail, ImageFailure, ImageIdentifier } from '@aws-sdk/client-ecr';
import type { ReadTransaction } from '../../../kv/store.ts';
import { isDigest } from '../domain/manifest.ts';
import { isTag } from '../domain/names.ts';
import { errors } from '../errors.ts';
import { findImage, notePull, putImage as storeImage, removeImage } from '../images.ts';
import type { StoredImage } from '../images.ts';
import { accessTo, operation, pageOf, requireRepository, scopeOf } from '../operation.ts';
import { listImages as listStored, listTags, sweepLayers, tags } from '../store.ts';
import type { Found } from '../store.ts';
import { uploadIdleMs } from '../limits.ts';

export const putImage = operation('PutImage', {
  access: accessTo('PutImage'),
  async handle({ repositoryName: name = '', registryId, imageManifest = '', imageManifestMediaType, imageTag, imageDigest }, call, deps) {
    const scope = scopeOf(call, registryId);
    const given = { text: imageManifest, mediaType: imageManifestMediaType, tag: imageTag, digest: imageDigest, nowMs: call.nowMs, isStrict: true };
    const { digest, image } = await storeImage({ scope, name }, given, deps);
    return {
      image: { registryId: scope.account, repositoryName: name, imageId: { imageDigest: digest, ...(imageTag === undefined ? {} : { imageTag }) }, imageManifest, imageManifestMediaType: image.mediaType },
    };
  },
});

export const batchGetImage = operation('BatchGetImage', {
  access: accessTo('BatchGetImage'),
  async handle({ repositoryName: name = '', registryId, imageIds = [] }, call, { store, blobs }) {
    const scope = scopeOf(call, registryId);
    const { repository, found, failures } = await store.read(async (tx) => {
      const repository = await requireRepository(tx, scope, name);
      return { repository, ...(await lookUp(tx, repository, imageIds)) };
    });
    const answered: Image[] = [];
    for (const { imageId, stored } of found) {
      await notePull(repository, stored, call.nowMs, { store });
      answered.push({ registryId: scope.account, repositoryName: name, imageId, imageManifest: (await blobs.read(stored.image.manifest)).toString('utf8'), imageManifestMediaType: stored.image.mediaType });
    }
    return { images: answered, failures };
  },
});

export const batchDeleteImage = operation('BatchDeleteImage', {
  access: accessTo('BatchDeleteImage'),
  async handle({ repositoryName: name = '', registryId, imageIds = [] }, call, deps) {
    const scope = scopeOf(call, registryId);
    return deps.store.transact(async (tx) => {
      const repository = await requireRepository(tx, scope, name);
      const { found, failures } = await lookUp(tx, repository, imageIds);
      const gone: ImageIdentifier[] = [];
      for (const { imageId, stored } of found) {
        const tagged = (await listTags(tx, repository)).filter(([, digest]) => digest === stored.digest);
        // A tag alone is taken off; with its last one goes the image (API reference, BatchDeleteImage).
        const isWhole = imageId.imageTag === undefined || isNamedByDigest(imageIds, stored.digest) || tagged.length === 1;
        if (!isWhole && imageId.imageTag !== undefined) {
          tags.clear(tx, scope, [repository.row.id, imageId.imageTag]);
          gone.push(imageId);
          continue;
        }
        if ((await findImage(tx, repository, stored.digest)) === undefined) continue;
        try {
          await removeImage(tx, repository, stored, deps);
          gone.push(...(tagged.length === 0 ? [{ imageDigest: stored.digest }] : tagged.map(([imageTag, imageDigest]) => ({ imageDigest, imageTag }))));
        } catch (error) {
          failures.push({ imageId, failureCode: 'ImageReferencedByManifestList', failureReason: error instanceof Error ? error.message : '' });
        }
      }
      await sweepLayers(tx, repository, call.nowMs - uploadIdleMs, deps.blobs);
      return { imageIds: gone, failures };
    });
  },
});

const isNamedByDigest = (imageIds: readonly ImageIdentifier[], digest: string): boolean => imageIds.some(({ imageDigest, imageTag }) => imageDigest === digest && imageTag === undefined);

export const listImages = operation('ListImages', {
  access: accessTo('ListImages'),
  async handle({ repositoryName: name = '', registryId, filter, ...page }, call, { store }) {
    refuseFilter(filter);
    const scope = scopeOf(call, registryId);
    const ids = await store.read(async (tx): Promise<Required<Pick<ImageIdentifier, 'imageDigest'>>[] | ImageIdentifier[]> => {
      const repository = await requireRepository(tx, scope, name);
      const tagged = await listTags(tx, repository);
      const named = new Set(tagged.map(([, digest]) => digest));
      const untagged = filter?.tagStatus === 'TAGGED' ? [] : (await listStored(tx, repository)).filter(({ digest }) => !named.has(digest));
      return [
        ...(filter?.tagStatus === 'UNTAGGED' ? [] : tagged.map(([imageTag, imageDigest]) => ({ imageDigest, imageTag }))),
        ...untagged.map(({ digest }) => ({ imageDigest: digest })),
      ];
    });
    const keyOf = ({ imageDigest = '', imageTag = '' }: ImageIdentifier): string => `${imageDigest} ${imageTag}`;
    const { items, nextToken } = pageOf([...ids].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)), keyOf, page);
    return { imageIds: [...items], ...(nextToken === undefined ? {} : { nextToken }) };
  },
});

export const describeImages = operation('DescribeImages', {
  access: accessTo('DescribeImages'),
  async handle({ repositoryName: name = '', registryId, imageIds, filter, ...page }, call, { store }) {
    refuseFilter(filter);
    const scope = scopeOf(call, registryId);
    const details = await store.read(async (tx) => {
      const repository = await requireRepository(tx, scope, name);
      const tagged = await listTags(tx, repository);
      const stored = imageIds === undefined ? await listStored(tx, repository) : await requireAll(tx, repository, imageIds);
      return stored.map((image) => detailOf(repository, image, tagged.filter(([, digest]) => digest === image.digest).map(([tag]) => tag)));
    });
    const wanted = details.filter(({ imageTags }) => filter?.tagStatus === undefined || filter.tagStatus === 'ANY' || (filter.tagStatus === 'TAGGED') === (imageTags !== undefined));
    const keyOf = ({ imageDigest = '' }: ImageDetail): string => imageDigest;
    const { items, nextToken } = pageOf(wanted.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)), keyOf, page);
    return { imageDetails: [...items], ...(nextToken === undefined ? {} : { nextToken }) };
  },
});

async function requireAll(tx: ReadTransaction, repository: Found, imageIds: readonly ImageIdentifier[]): Promise<StoredImage[]> {
  const { found, failures: [failure] } = await lookUp(tx, repository, imageIds);
  if (failure !== undefined) {
    const { imageDigest, imageTag } = failure.imageId ?? {};
    throw errors.imageNotFound(`imageDigest:'${imageDigest ?? 'null'}', imageTag:'${imageTag ?? 'null'}'`, repository.name, repository.scope.account);
  }
  return [...new Map(found.map(({ stored }) => [stored.digest, stored])).values()];
}

function detailOf({ scope, name }: Found, { digest, image }: StoredImage, imageTags: readonly string[]): ImageDetail {
  return {
    registryId: scope.account,
    repositoryName: name,
    imageDigest: digest,
    ...(imageTags.length === 0 ? {} : { imageTags: [...imageTags] }),
    imageSizeInBytes: image.bytes,
    imagePushedAt: new Date(image.pushedAtMs),
    imageManifestMediaType: image.mediaType,
    ...(image.artifactMediaType === undefined ? {} : { artifactMediaType: image.artifactMediaType }),
    ...(image.pulledAtMs === undefined ? {} : { lastRecordedPullTime: new Date(image.pulledAtMs) }),
    imageStatus: 'ACTIVE',
  };
}

interface LookUp {
  readonly found: { readonly imageId: ImageIdentifier; readonly stored: StoredImage }[];
  readonly failures: ImageFailure[];
}

/** What is there of what is asked for; failures in the words of the API reference. */
async function lookUp(tx: ReadTransaction, repository: Found, imageIds: readonly ImageIdentifier[]): Promise<LookUp> {
  const answer: LookUp = { found: [], failures: [] };
  for (const imageId of imageIds) {
    const { imageDigest, imageTag } = imageId;
    const fail = (failureCode: NonNullable<ImageFailure['failureCode']>, failureReason: string): void => void answer.failures.push({ imageId, failureCode, failureReason });
    if (imageDigest === undefined && imageTag === undefined) fail('MissingDigestAndTag', "Invalid request parameters: both tag and digest cannot be null");
    else if (imageDigest !== undefined && !isDigest(imageDigest)) fail('InvalidImageDigest', 'Invalid request parameters: image digest should satisfy the regex \'[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+\'');
    else if (imageTag !== undefined && !isTag(imageTag)) fail('InvalidImageTag', 'Invalid request parameters: image tag is not valid');
    else {
      const stored = await findImage(tx, repository, imageTag ?? imageDigest ?? '');
      if (stored === undefined) fail('ImageNotFound', 'Requested image not found');
      else if (imageDigest !== undefined && stored.digest !== imageDigest) fail('ImageTagDoesNotMatchDigest', 'The specified tag does not match the digest');
      else answer.found.push({ imageId: { imageDigest: stored.digest, ...(imageTag === undefined ? {} : { imageTag }) }, stored });
    }
  }
  return answer;
}

function refuseFilter(filter: { readonly tagStatus?: string | undefined } | undefined): void {
  if (filter !== undefined && 'imageStatus' in filter && filter.imageStatus !== undefined && filter.imageStatus !== 'ACTIVE' && filter.imageStatus !== 'ANY') throw errors.unsupported('the filter imageStatus (archived images)');
}
