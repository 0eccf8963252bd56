import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, test } from 'node:test';
import {
  BatchCheckLayerAvailabilityCommand, BatchDeleteImageCommand, BatchGetImageCommand, CompleteLayerUploadCommand, CreateRepositoryCommand, DeleteLifecyclePolicyCommand,
  DeleteRepositoryCommand, DeleteRepositoryPolicyCommand, DescribeImagesCommand, DescribeRepositoriesCommand, GetAuthorizationTokenCommand, GetDownloadUrlForLayerCommand,
  GetLifecyclePolicyCommand, GetLifecyclePolicyPreviewCommand, GetRepositoryPolicyCommand, InitiateLayerUploadCommand, ListImagesCommand, ListTagsForResourceCommand, PutImageCommand,
  PutImageScanningConfigurationCommand, PutImageTagMutabilityCommand, PutLifecyclePolicyCommand, PutReplicationConfigurationCommand, SetRepositoryPolicyCommand, StartImageScanCommand,
  StartLifecyclePolicyPreviewCommand, TagResourceCommand, UntagResourceCommand, UploadLayerPartCommand, CreatePullThroughCacheRuleCommand, DescribeImageScanFindingsCommand,
  PutRegistryScanningConfigurationCommand, ECRClient,
} from '@aws-sdk/client-ecr';
import { makeImage, sha256 } from '../../support/ociImage.ts';
import { sdkConfig } from '../../support/sdkClients.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/Welcome.html

let client: ECRClient;
const scene = useServer({}, async ({ server }) => {
  client = new ECRClient(sdkConfig(server.endpoint));
});
after(() => client.destroy());

const account = '000000000000';

async function uploadLayer(repositoryName: string, body: Buffer): Promise<string> {
  const { uploadId = '' } = await client.send(new InitiateLayerUploadCommand({ repositoryName }));
  await client.send(new UploadLayerPartCommand({ repositoryName, uploadId, partFirstByte: 0, partLastByte: body.length - 1, layerPartBlob: body }));
  const done = await client.send(new CompleteLayerUploadCommand({ repositoryName, uploadId, layerDigests: [sha256(body)] }));
  return done.layerDigest ?? '';
}

async function pushThroughApi(repositoryName: string, imageTag: string | undefined, marker: string): Promise<string> {
  const image = makeImage({ layers: [[{ path: 'marker', content: marker }]] });
  for (const body of image.blobs.values()) await uploadLayer(repositoryName, body);
  const put = await client.send(new PutImageCommand({ repositoryName, imageManifest: image.manifest, ...(imageTag === undefined ? {} : { imageTag }) }));
  return put.image?.imageId?.imageDigest ?? '';
}

test('CreateRepository, DescribeRepositories and DeleteRepository keep a repository, and refuse as ECR does', async () => {
  const { repository } = await client.send(new CreateRepositoryCommand({ repositoryName: 'team/app', tags: [{ Key: 'team', Value: 'a' }] }));
  const port = new URL(scene().server.endpoint).port;
  assert.equal(repository?.repositoryArn, `arn:aws:ecr:us-east-1:${account}:repository/team/app`);
  assert.equal(repository?.repositoryUri, `${account}.dkr.ecr.us-east-1.localhost:${port}/team/app`);
  assert.equal(repository?.imageTagMutability, 'MUTABLE');
  assert.ok(repository?.createdAt instanceof Date);
  await expectRefusal(client.send(new CreateRepositoryCommand({ repositoryName: 'team/app' })), {
    name: 'RepositoryAlreadyExistsException',
    message: `The repository with name 'team/app' already exists in the registry with id '${account}'`,
  });
  await expectRefusal(client.send(new CreateRepositoryCommand({ repositoryName: 'Upper' })), { name: 'InvalidParameterException' });
  await expectRefusal(client.send(new CreateRepositoryCommand({ repositoryName: 'scanned', imageScanningConfiguration: { scanOnPush: true } })), { name: 'InvalidParameterException', message: /image scanning/ });
  const found = await client.send(new DescribeRepositoriesCommand({ repositoryNames: ['team/app'] }));
  assert.equal(found.repositories?.length, 1);
  await expectRefusal(client.send(new DescribeRepositoriesCommand({ repositoryNames: ['absent'] })), {
    name: 'RepositoryNotFoundException',
    message: `The repository with name 'absent' does not exist in the registry with id '${account}'`,
  });
  const resourceArn = repository?.repositoryArn ?? '';
  await client.send(new TagResourceCommand({ resourceArn, tags: [{ Key: 'stage', Value: 'test' }] }));
  await client.send(new UntagResourceCommand({ resourceArn, tagKeys: ['team'] }));
  assert.deepEqual((await client.send(new ListTagsForResourceCommand({ resourceArn }))).tags, [{ Key: 'stage', Value: 'test' }]);
  await pushThroughApi('team/app', 'v1', 'one');
  await expectRefusal(client.send(new DeleteRepositoryCommand({ repositoryName: 'team/app' })), { name: 'RepositoryNotEmptyException', message: /still contains images/ });
  await client.send(new DeleteRepositoryCommand({ repositoryName: 'team/app', force: true }));
  await expectRefusal(client.send(new ListImagesCommand({ repositoryName: 'team/app' })), { name: 'RepositoryNotFoundException' });
});

test('InitiateLayerUpload, UploadLayerPart and CompleteLayerUpload take a layer in parts and compare its digest', async () => {
  const repositoryName = 'parts';
  await client.send(new CreateRepositoryCommand({ repositoryName }));
  const body = Buffer.alloc(5_242_880 + 100, 7);
  const digest = sha256(body);
  const { uploadId = '', partSize } = await client.send(new InitiateLayerUploadCommand({ repositoryName }));
  assert.equal(partSize, 10_485_760);
  await expectRefusal(client.send(new CompleteLayerUploadCommand({ repositoryName, uploadId, layerDigests: [digest] })), { name: 'EmptyUploadException' });
  const first = await client.send(new UploadLayerPartCommand({ repositoryName, uploadId, partFirstByte: 0, partLastByte: 5_242_879, layerPartBlob: body.subarray(0, 5_242_880) }));
  assert.equal(first.lastByteReceived, 5_242_879);
  await expectRefusal(client.send(new UploadLayerPartCommand({ repositoryName, uploadId, partFirstByte: 3, partLastByte: 4, layerPartBlob: body.subarray(3, 5) })), { name: 'InvalidLayerPartException' });
  await client.send(new UploadLayerPartCommand({ repositoryName, uploadId, partFirstByte: 5_242_880, partLastByte: body.length - 1, layerPartBlob: body.subarray(5_242_880) }));
  await expectRefusal(client.send(new CompleteLayerUploadCommand({ repositoryName, uploadId, layerDigests: [sha256(Buffer.from('other'))] })), { name: 'InvalidLayerException' });
  await client.send(new CompleteLayerUploadCommand({ repositoryName, uploadId, layerDigests: [digest] }));
  const { layers } = await client.send(new BatchCheckLayerAvailabilityCommand({ repositoryName, layerDigests: [digest, sha256(Buffer.from('other'))] }));
  assert.deepEqual(layers?.map(({ layerAvailability, layerSize }) => [layerAvailability, layerSize]), [['AVAILABLE', body.length], ['UNAVAILABLE', undefined]]);
  const { downloadUrl = '' } = await client.send(new GetDownloadUrlForLayerCommand({ repositoryName, layerDigest: digest }));
  const downloaded = Buffer.from(await (await fetch(downloadUrl)).arrayBuffer());
  assert.equal(`sha256:${createHash('sha256').update(downloaded).digest('hex')}`, digest);
  assert.equal((await fetch(downloadUrl.replace(/token=.{4}/, 'token=AAAA'))).status, 403);
  await expectRefusal(client.send(new UploadLayerPartCommand({ repositoryName, uploadId, partFirstByte: 0, partLastByte: 0, layerPartBlob: Buffer.from('x') })), { name: 'UploadNotFoundException' });
});

test('PutImage, BatchGetImage, DescribeImages, ListImages and BatchDeleteImage keep images, their tags and their order', async () => {
  const repositoryName = 'images';
  await client.send(new CreateRepositoryCommand({ repositoryName }));
  await expectRefusal(client.send(new PutImageCommand({ repositoryName, imageTag: 'x', imageManifest: makeImage({ layers: [[]] }).manifest })), { name: 'LayersNotFoundException' });
  await expectRefusal(client.send(new PutImageCommand({ repositoryName, imageTag: 'x', imageManifest: '{"schemaVersion":1}' })), { name: 'InvalidParameterException' });
  const one = await pushThroughApi(repositoryName, 'v1', 'first');
  const two = await pushThroughApi(repositoryName, undefined, 'second');
  const got = await client.send(new BatchGetImageCommand({ repositoryName, imageIds: [{ imageTag: 'v1' }, { imageDigest: two }, { imageTag: 'absent' }, {}] }));
  assert.deepEqual(got.images?.map(({ imageId }) => imageId), [{ imageTag: 'v1', imageDigest: one }, { imageDigest: two }]);
  assert.deepEqual(got.failures?.map(({ failureCode }) => failureCode), ['ImageNotFound', 'MissingDigestAndTag']);
  const manifest = got.images?.[0]?.imageManifest ?? '';
  await expectRefusal(client.send(new PutImageCommand({ repositoryName, imageTag: 'v1', imageManifest: manifest })), { name: 'ImageAlreadyExistsException' });
  await client.send(new PutImageCommand({ repositoryName, imageTag: 'stable', imageManifest: manifest }));
  const { imageDetails = [] } = await client.send(new DescribeImagesCommand({ repositoryName, imageIds: [{ imageDigest: one }] }));
  assert.deepEqual(imageDetails[0]?.imageTags?.sort(), ['stable', 'v1']);
  assert.ok((imageDetails[0]?.imageSizeInBytes ?? 0) > 0);
  const untagged = await client.send(new ListImagesCommand({ repositoryName, filter: { tagStatus: 'UNTAGGED' } }));
  assert.deepEqual(untagged.imageIds, [{ imageDigest: two }]);
  const page = await client.send(new ListImagesCommand({ repositoryName, maxResults: 2 }));
  const rest = await client.send(new ListImagesCommand({ repositoryName, maxResults: 2, nextToken: page.nextToken }));
  assert.deepEqual([page.imageIds?.length, rest.imageIds?.length, rest.nextToken], [2, 1, undefined]);
  await expectRefusal(client.send(new DescribeImagesCommand({ repositoryName, imageIds: [{ imageTag: 'absent' }] })), { name: 'ImageNotFoundException', message: /imageTag:'absent'/ });
  const gone = await client.send(new BatchDeleteImageCommand({ repositoryName, imageIds: [{ imageTag: 'stable' }] }));
  assert.deepEqual(gone.imageIds, [{ imageTag: 'stable', imageDigest: one }]);
  await client.send(new BatchDeleteImageCommand({ repositoryName, imageIds: [{ imageDigest: one }] }));
  assert.deepEqual((await client.send(new ListImagesCommand({ repositoryName }))).imageIds, [{ imageDigest: two }]);
});

test('PutImageTagMutability fixes tags, except those that its filters name', async () => {
  const repositoryName = 'fixed';
  await client.send(new CreateRepositoryCommand({ repositoryName, imageTagMutability: 'IMMUTABLE' }));
  await pushThroughApi(repositoryName, 'v1', 'a');
  await expectRefusal(pushThroughApi(repositoryName, 'v1', 'b'), { name: 'ImageTagAlreadyExistsException', message: "The image tag 'v1' already exists in the 'fixed' repository and cannot be overwritten because the repository is immutable." });
  await client.send(new PutImageTagMutabilityCommand({ repositoryName, imageTagMutability: 'IMMUTABLE_WITH_EXCLUSION', imageTagMutabilityExclusionFilters: [{ filterType: 'WILDCARD', filter: 'dev*' }] }));
  await pushThroughApi(repositoryName, 'dev-1', 'c');
  await pushThroughApi(repositoryName, 'dev-1', 'd');
  await expectRefusal(pushThroughApi(repositoryName, 'v1', 'e'), { name: 'ImageTagAlreadyExistsException' });
});

test('SetRepositoryPolicy, GetRepositoryPolicy and DeleteRepositoryPolicy keep a policy', async () => {
  const repositoryName = 'policy';
  await client.send(new CreateRepositoryCommand({ repositoryName }));
  await expectRefusal(client.send(new GetRepositoryPolicyCommand({ repositoryName })), { name: 'RepositoryPolicyNotFoundException' });
  await expectRefusal(client.send(new SetRepositoryPolicyCommand({ repositoryName, policyText: '{}' })), { name: 'InvalidParameterException', message: /Invalid repository policy provided/ });
  const policyText = JSON.stringify({ Version: '2012-10-17', Statement: [{ Sid: 'pull', Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: 'ecr:BatchGetImage' }] });
  await client.send(new SetRepositoryPolicyCommand({ repositoryName, policyText }));
  assert.equal((await client.send(new GetRepositoryPolicyCommand({ repositoryName }))).policyText, policyText);
  await client.send(new DeleteRepositoryPolicyCommand({ repositoryName }));
  await expectRefusal(client.send(new DeleteRepositoryPolicyCommand({ repositoryName })), { name: 'RepositoryPolicyNotFoundException' });
});

test('PutLifecyclePolicy expires images by the clock, and its preview tells which', async () => {
  const repositoryName = 'aging';
  await client.send(new CreateRepositoryCommand({ repositoryName }));
  const old = await pushThroughApi(repositoryName, undefined, 'old');
  await pushThroughApi(repositoryName, 'keep', 'kept');
  const rule = { rulePriority: 1, selection: { tagStatus: 'untagged', countType: 'sinceImagePushed', countUnit: 'days', countNumber: 2 }, action: { type: 'expire' } };
  await expectRefusal(client.send(new PutLifecyclePolicyCommand({ repositoryName, lifecyclePolicyText: JSON.stringify({ rules: [{ ...rule, action: { type: 'keep' } }] }).padEnd(100) })), { name: 'InvalidParameterException', message: /Lifecycle policy validation failure/ });
  await expectRefusal(client.send(new GetLifecyclePolicyCommand({ repositoryName })), { name: 'LifecyclePolicyNotFoundException' });
  const lifecyclePolicyText = JSON.stringify({ rules: [rule] });
  await client.send(new PutLifecyclePolicyCommand({ repositoryName, lifecyclePolicyText }));
  const countText = JSON.stringify({ rules: [{ ...rule, selection: { tagStatus: 'any', countType: 'imageCountMoreThan', countNumber: 1 } }] });
  await client.send(new StartLifecyclePolicyPreviewCommand({ repositoryName, lifecyclePolicyText: countText }));
  const preview = await client.send(new GetLifecyclePolicyPreviewCommand({ repositoryName }));
  assert.deepEqual([preview.status, preview.summary?.expiringImageTotalCount, preview.previewResults?.[0]?.appliedRulePriority], ['COMPLETE', 1, 1]);
  const skipped = await fetch(`${scene().server.endpoint}/_haneul/clock`, { method: 'POST', body: JSON.stringify({ advanceMs: 3 * 86_400_000 }) });
  assert.equal(skipped.status, 200, await skipped.text());
  for (;;) {
    const { imageIds = [] } = await client.send(new ListImagesCommand({ repositoryName }));
    if (!imageIds.some(({ imageDigest }) => imageDigest === old)) break;
  }
  const kept = await client.send(new ListImagesCommand({ repositoryName }));
  assert.deepEqual(kept.imageIds?.map(({ imageTag }) => imageTag), ['keep']);
  assert.ok((await client.send(new GetLifecyclePolicyCommand({ repositoryName }))).lastEvaluatedAt instanceof Date);
  await client.send(new DeleteLifecyclePolicyCommand({ repositoryName }));
});

test('GetAuthorizationToken answers a login for the registry', async () => {
  const { authorizationData = [] } = await client.send(new GetAuthorizationTokenCommand({}));
  const [data] = authorizationData;
  assert.match(Buffer.from(data?.authorizationToken ?? '', 'base64').toString('utf8'), /^AWS:[\w-]{100,}$/);
  assert.match(data?.proxyEndpoint ?? '', /^http:\/\/000000000000\.dkr\.ecr\.us-east-1\.localhost:\d+$/);
});

test('StartImageScan, PutReplicationConfiguration, CreatePullThroughCacheRule and the like are refused by name', async () => {
  const repositoryName = 'refused';
  await client.send(new CreateRepositoryCommand({ repositoryName }));
  const refused: [Promise<unknown>, RegExp][] = [
    [client.send(new StartImageScanCommand({ repositoryName, imageId: { imageTag: 'x' } })), /image scanning/],
    [client.send(new DescribeImageScanFindingsCommand({ repositoryName, imageId: { imageTag: 'x' } })), /image scanning/],
    [client.send(new PutImageScanningConfigurationCommand({ repositoryName, imageScanningConfiguration: { scanOnPush: true } })), /image scanning/],
    [client.send(new PutRegistryScanningConfigurationCommand({ scanType: 'BASIC' })), /image scanning/],
    [client.send(new PutReplicationConfigurationCommand({ replicationConfiguration: { rules: [] } })), /replication/],
    [client.send(new CreatePullThroughCacheRuleCommand({ ecrRepositoryPrefix: 'hub', upstreamRegistryUrl: 'registry-1.docker.io' })), /pull through cache/],
  ];
  for (const [call, message] of refused) await expectRefusal(call, { name: 'InvalidParameterException', message });
});
