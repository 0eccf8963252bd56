import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestEcr } from '../testEcr.ts';

const repositoryName = 'app';

async function listPageItems<Item>(read: (nextToken: string | undefined) => Promise<{ items: Item[]; nextToken: string | undefined }>): Promise<Item[]> {
  const found: Item[] = [];
  let page = await read(undefined);
  for (found.push(...page.items); page.nextToken !== undefined; found.push(...page.items)) page = await read(page.nextToken);
  return found;
}

test('CreateRepository makes one of two that ask at once; DescribeRepositories sees its own region only, in pages; DeleteRepository leaves no blob', async () => {
  const { run, prepareImage, blobs } = createTestEcr();
  const made = await Promise.allSettled([run('CreateRepository', { repositoryName }), run('CreateRepository', { repositoryName })]);
  assert.deepEqual(made.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  await run('CreateRepository', { repositoryName: 'other' });
  assert.deepEqual((await run('DescribeRepositories', {}, 'eu-west-1')).repositories, []);
  const names = await listPageItems(async (nextToken) => {
    const page = await run('DescribeRepositories', { maxResults: 1, nextToken });
    return { items: page.repositories?.map((repository) => repository.repositoryName) ?? [], nextToken: page.nextToken };
  });
  assert.deepEqual(names, ['app', 'other']);
  await run('PutImage', { repositoryName, imageTag: 'v1', imageManifest: await prepareImage(repositoryName, 'one') });
  await assert.rejects(run('DeleteRepository', { repositoryName }), { code: 'RepositoryNotEmptyException' });
  await run('DeleteRepository', { repositoryName, force: true });
  await run('CreateRepository', { repositoryName });
  assert.deepEqual((await run('ListImages', { repositoryName })).imageIds, []);
  assert.deepEqual(await blobs.hold().list(), []);
});

test('InitiateLayerUpload, UploadLayerPart, CompleteLayerUpload, BatchCheckLayerAvailability and GetDownloadUrlForLayer refuse what is not there', async () => {
  const { run, clock } = createTestEcr();
  await run('CreateRepository', { repositoryName });
  const { uploadId = '' } = await run('InitiateLayerUpload', { repositoryName });
  await assert.rejects(run('CompleteLayerUpload', { repositoryName, uploadId, layerDigests: ['sha256:short'] }), { code: 'InvalidParameterException' });
  await assert.rejects(run('UploadLayerPart', { repositoryName, uploadId, partFirstByte: 0, partLastByte: 9, layerPartBlob: Buffer.from('short') }), { code: 'InvalidLayerPartException' });
  for (const [first, text] of [[0, 'small'], [5, 'parts']] as const) {
    await run('UploadLayerPart', { repositoryName, uploadId, partFirstByte: first, partLastByte: first + 4, layerPartBlob: Buffer.from(text) });
  }
  await assert.rejects(run('CompleteLayerUpload', { repositoryName, uploadId, layerDigests: [`sha256:${'0'.repeat(64)}`] }), { code: 'LayerPartTooSmallException' });
  await assert.rejects(run('GetDownloadUrlForLayer', { repositoryName, layerDigest: `sha256:${'0'.repeat(64)}` }), { code: 'LayersNotFoundException' });
  const { failures } = await run('BatchCheckLayerAvailability', { repositoryName, layerDigests: ['nonsense'] });
  assert.equal(failures?.[0]?.failureCode, 'InvalidLayerDigest');
  // A day later the upload is forgotten when the next begins.
  clock.advance(25 * 3_600_000);
  await run('InitiateLayerUpload', { repositoryName });
  await assert.rejects(run('UploadLayerPart', { repositoryName, uploadId, partFirstByte: 10, partLastByte: 10, layerPartBlob: Buffer.from('x') }), { code: 'UploadNotFoundException' });
});

test('PutImage and BatchGetImage know an index; BatchDeleteImage keeps what an index names; DescribeImages and ListImages show both', async () => {
  const { run, prepareImage, clock } = createTestEcr();
  await run('CreateRepository', { repositoryName });
  const imageManifest = await prepareImage(repositoryName, 'part');
  const digest = (await run('PutImage', { repositoryName, imageManifest })).image?.imageId?.imageDigest ?? '';
  const index = (of: string): string =>
    JSON.stringify({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests: [{ mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: of, size: imageManifest.length, platform: { os: 'linux', architecture: 'amd64' } }] });
  await assert.rejects(run('PutImage', { repositoryName, imageManifest: index(`sha256:${'0'.repeat(64)}`) }), { code: 'ReferencedImagesNotFoundException' });
  const whole = (await run('PutImage', { repositoryName, imageTag: 'all', imageManifest: index(digest) })).image?.imageId?.imageDigest ?? '';
  const { images } = await run('BatchGetImage', { repositoryName, imageIds: [{ imageTag: 'all' }] });
  assert.equal(images?.[0]?.imageManifestMediaType, 'application/vnd.oci.image.index.v1+json');
  const kept = await run('BatchDeleteImage', { repositoryName, imageIds: [{ imageDigest: digest }] });
  assert.equal(kept.failures?.[0]?.failureCode, 'ImageReferencedByManifestList');
  assert.equal((await run('DescribeImages', { repositoryName })).imageDetails?.length, 2);
  clock.advance(25 * 3_600_000);
  await run('BatchDeleteImage', { repositoryName, imageIds: [{ imageTag: 'all' }] });
  await run('BatchDeleteImage', { repositoryName, imageIds: [{ imageDigest: digest }] });
  assert.deepEqual((await run('ListImages', { repositoryName })).imageIds, []);
  assert.notEqual(whole, digest);
  // Its layers went with it.
  await assert.rejects(run('PutImage', { repositoryName, imageManifest }), { code: 'LayersNotFoundException' });
});

test('PutImageTagMutability wants filters with exclusions and only with them; TagResource, UntagResource and ListTagsForResource keep to fifty tags', async () => {
  const { run } = createTestEcr();
  const { repository } = await run('CreateRepository', { repositoryName });
  const resourceArn = repository?.repositoryArn ?? '';
  await assert.rejects(run('PutImageTagMutability', { repositoryName, imageTagMutability: 'MUTABLE_WITH_EXCLUSION' }), { code: 'InvalidParameterException' });
  const tags = Array.from({ length: 50 }, (_, number) => ({ Key: `k${number}`, Value: '' }));
  await run('TagResource', { resourceArn, tags });
  await assert.rejects(run('TagResource', { resourceArn, tags: [{ Key: 'more', Value: '' }] }), { code: 'TooManyTagsException' });
  await run('UntagResource', { resourceArn, tagKeys: tags.slice(1).map(({ Key }) => Key) });
  assert.deepEqual((await run('ListTagsForResource', { resourceArn })).tags, [{ Key: 'k0', Value: '' }]);
});

test('SetRepositoryPolicy, GetRepositoryPolicy, DeleteRepositoryPolicy and GetAuthorizationToken answer what they were given', async () => {
  const { run } = createTestEcr();
  await run('CreateRepository', { repositoryName });
  const policyText = JSON.stringify({ Version: '2012-10-17', Statement: { Effect: 'Allow', Principal: '*', Action: 'ecr:*' } });
  await run('SetRepositoryPolicy', { repositoryName, policyText });
  assert.equal((await run('GetRepositoryPolicy', { repositoryName })).policyText, policyText);
  await run('DeleteRepositoryPolicy', { repositoryName });
  await assert.rejects(run('GetRepositoryPolicy', { repositoryName }), { code: 'RepositoryPolicyNotFoundException' });
  assert.equal((await run('GetAuthorizationToken', { registryIds: ['111122223333', '444455556666'] })).authorizationData?.length, 2);
});

test('PutLifecyclePolicy, GetLifecyclePolicy, DeleteLifecyclePolicy, StartLifecyclePolicyPreview and GetLifecyclePolicyPreview refuse what they do not do', async () => {
  const { run } = createTestEcr();
  await run('CreateRepository', { repositoryName });
  await assert.rejects(run('StartLifecyclePolicyPreview', { repositoryName }), { code: 'LifecyclePolicyNotFoundException' });
  await assert.rejects(run('GetLifecyclePolicyPreview', { repositoryName }), { code: 'LifecyclePolicyPreviewNotFoundException' });
  await assert.rejects(run('DeleteLifecyclePolicy', { repositoryName }), { code: 'LifecyclePolicyNotFoundException' });
  const archive = { rules: [{ rulePriority: 1, selection: { tagStatus: 'any', countType: 'imageCountMoreThan', countNumber: 1 }, action: { type: 'transition', targetStorageClass: 'archive' } }] };
  await assert.rejects(run('PutLifecyclePolicy', { repositoryName, lifecyclePolicyText: JSON.stringify(archive) }), { message: /archiving/ });
  await assert.rejects(run('GetLifecyclePolicy', { repositoryName }), { code: 'LifecyclePolicyNotFoundException' });
});

test('StartImageScan, DescribeImageScanFindings, PutImageScanningConfiguration, PutRegistryScanningConfiguration, PutReplicationConfiguration and CreatePullThroughCacheRule only refuse', async () => {
  const { run, service } = createTestEcr();
  await run('CreateRepository', { repositoryName });
  await assert.rejects(run('StartImageScan', { repositoryName, imageId: { imageTag: 'x' } }), { message: /does not implement image scanning/ });
  assert.deepEqual([...service.refusedNames].sort(), ['CreatePullThroughCacheRule', 'DescribeImageScanFindings', 'PutImageScanningConfiguration', 'PutRegistryScanningConfiguration', 'PutReplicationConfiguration', 'StartImageScan']);
});
