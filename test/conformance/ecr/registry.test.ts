import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CreateRepositoryCommand, DescribeImagesCommand, ECRClient, GetAuthorizationTokenCommand, SetRepositoryPolicyCommand } from '@aws-sdk/client-ecr';
import { CreateAccessKeyCommand, CreateUserCommand, PutUserPolicyCommand } from '@aws-sdk/client-iam';
import { loginOf, makeImage, pushImage, requireCrane, sha256, type Registry } from '../../support/ociImage.ts';
import { runCommand } from '../../support/runCommand.ts';
import { sdkConfig } from '../../support/sdkClients.ts';
import { useServer } from '../../support/useServer.ts';

// https://github.com/opencontainers/distribution-spec/blob/main/spec.md; the words of refusals are ECR's.

let client: ECRClient;
let registry: Registry;
const folder = mkdtempSync(join(tmpdir(), 'haneul-registry-'));
const scene = useServer({}, async ({ server }) => {
  client = new ECRClient(sdkConfig(server.endpoint));
  registry = { endpoint: server.endpoint, token: await tokenOf(client) };
});
after(() => {
  client.destroy();
  rmSync(folder, { recursive: true, force: true });
});

async function tokenOf(of: ECRClient): Promise<string> {
  return (await of.send(new GetAuthorizationTokenCommand({}))).authorizationData?.[0]?.authorizationToken ?? '';
}

const makeRepository = async (repositoryName: string): Promise<string> => {
  await client.send(new CreateRepositoryCommand({ repositoryName }));
  return repositoryName;
};

const ask = (path: string, init: RequestInit & { readonly as?: Registry } = {}): Promise<Response> =>
  fetch(`${registry.endpoint}/v2/${path}`, { ...init, headers: { ...loginOf(init.as ?? registry), ...(init.headers as Record<string, string> | undefined) } });

async function problemOf(response: Response): Promise<string> {
  const { errors } = (await response.json()) as { errors: { code: string; message: string }[] };
  return `${response.status} ${errors[0]?.code}: ${errors[0]?.message}`;
}

test('PutImage through the registry is what DescribeImages of the API shows', async () => {
  const name = await makeRepository('pushed/app');
  const image = makeImage({ layers: [[{ path: 'a', content: 'one' }], [{ path: 'b', content: 'two' }]], isDocker: true });
  await pushImage(registry, name, 'v1', image);
  const { imageDetails = [] } = await client.send(new DescribeImagesCommand({ repositoryName: name }));
  assert.deepEqual([imageDetails[0]?.imageDigest, imageDetails[0]?.imageTags, imageDetails[0]?.imageManifestMediaType], [image.digest, ['v1'], image.mediaType]);
  for (const reference of ['v1', image.digest]) {
    const head = await ask(`${name}/manifests/${reference}`, { method: 'HEAD' });
    assert.deepEqual([head.status, head.headers.get('docker-content-digest'), head.headers.get('content-type'), head.headers.get('content-length')], [200, image.digest, image.mediaType, String(image.manifest.length)]);
    assert.equal(await (await ask(`${name}/manifests/${reference}`)).text(), image.manifest);
  }
  const part = await ask(`${name}/blobs/${image.configDigest}`, { headers: { range: 'bytes=0-3' } });
  assert.deepEqual([part.status, await part.text()], [206, image.blobs.get(image.configDigest)?.toString('utf8').slice(0, 4)]);
  await pushImage(registry, name, 'v2', image);
  assert.deepEqual(await (await ask(`${name}/tags/list`)).json(), { name, tags: ['v1', 'v2'] });
  const first = await ask(`${name}/tags/list?n=1`);
  assert.match(first.headers.get('link') ?? '', /last=v1>; rel="next"/);
  assert.equal((await ask(`${name}/manifests/v2`, { method: 'DELETE' })).status, 202);
  assert.deepEqual(await (await ask(`${name}/tags/list`)).json(), { name, tags: ['v1'] });
});

test('the registry takes a layer in one request, in chunks in their order, and from another repository', async () => {
  const name = await makeRepository('uploads');
  const body = Buffer.from('a whole layer');
  const digest = sha256(body);
  const whole = await ask(`${name}/blobs/uploads/?digest=${digest}`, { method: 'POST', body });
  assert.deepEqual([whole.status, whole.headers.get('docker-content-digest')], [201, digest]);
  const begun = await ask(`${name}/blobs/uploads/`, { method: 'POST' });
  const place = (begun.headers.get('location') ?? '').replace('/v2/', '');
  const chunk = (range: string, text: string): Promise<Response> => ask(place, { method: 'PATCH', headers: { 'content-range': range }, body: text });
  assert.equal((await chunk('0-3', 'abcd')).headers.get('range'), '0-3');
  const skipped = await chunk('7-8', 'hi');
  assert.deepEqual([skipped.status, skipped.headers.get('range')], [416, '0-3']);
  assert.equal((await chunk('4-6', 'efg')).status, 202);
  assert.deepEqual([(await ask(place)).status, (await ask(place)).headers.get('range')], [204, '0-6']);
  assert.match(await problemOf(await ask(`${place}?digest=${digest}`, { method: 'PUT' })), /^400 DIGEST_INVALID/);
  const put = await ask(`${place}?digest=${sha256(Buffer.from('abcdefgh'))}`, { method: 'PUT', body: 'h' });
  assert.equal(put.status, 201);
  assert.equal(await (await ask(`${name}/blobs/${sha256(Buffer.from('abcdefgh'))}`)).text(), 'abcdefgh');
});

test('the registry mounts layers across repositories without their bytes', async () => {
  const [from, to] = [await makeRepository('mount-from'), await makeRepository('mount-to')];
  const body = Buffer.from('shared');
  assert.equal((await ask(`${from}/blobs/uploads/?digest=${sha256(body)}`, { method: 'POST', body })).status, 201);
  const mounted = await ask(`${to}/blobs/uploads/?mount=${sha256(body)}&from=${from}`, { method: 'POST' });
  assert.equal(mounted.status, 201);
  assert.equal(await (await ask(`${to}/blobs/${sha256(body)}`)).text(), 'shared');
  const absent = await ask(`${to}/blobs/uploads/?mount=${sha256(Buffer.from('?'))}&from=${from}`, { method: 'POST' });
  assert.equal(absent.status, 202);
});

test('the registry refuses in the words of the specification and of ECR', async () => {
  const name = await makeRepository('refusals');
  const anonymous = await fetch(`${registry.endpoint}/v2/`);
  assert.deepEqual([anonymous.status, anonymous.headers.get('docker-distribution-api-version')], [401, 'registry/2.0']);
  assert.match(anonymous.headers.get('www-authenticate') ?? '', /^Basic realm="http:\/\/.+",service="ecr\.amazonaws\.com"$/);
  assert.equal((await fetch(`${registry.endpoint}/v2/`, { headers: { authorization: `Basic ${Buffer.from('AWS:made-up').toString('base64')}` } })).status, 401);
  assert.equal((await ask('')).status, 200);
  assert.equal(await problemOf(await ask('absent/manifests/x')), "404 NAME_UNKNOWN: The repository with name 'absent' does not exist in the registry with id '000000000000'");
  assert.equal(await problemOf(await ask(`${name}/manifests/absent`)), '404 MANIFEST_UNKNOWN: Requested image not found');
  assert.match(await problemOf(await ask(`${name}/blobs/${sha256(Buffer.from('x'))}`)), /^404 BLOB_UNKNOWN/);
  assert.match(await problemOf(await ask('UPPER/manifests/x')), /^400 NAME_INVALID/);
  assert.match(await problemOf(await ask(`${name}/manifests/v1`, { method: 'PUT', headers: { 'content-type': 'application/vnd.oci.image.manifest.v1+json' }, body: 'no json' })), /^400 MANIFEST_INVALID/);
  const orphan = makeImage({ layers: [[{ path: 'never-pushed' }]] });
  assert.match(await problemOf(await ask(`${name}/manifests/v1`, { method: 'PUT', headers: { 'content-type': orphan.mediaType }, body: orphan.manifest })), /^404 MANIFEST_BLOB_UNKNOWN/);
  const upload = await ask(`${name}/blobs/uploads/`, { method: 'POST' });
  assert.equal((await ask((upload.headers.get('location') ?? '').replace('/v2/', ''), { method: 'DELETE' })).status, 204);
  assert.match(await problemOf(await ask((upload.headers.get('location') ?? '').replace('/v2/', ''), { method: 'PATCH', body: 'x' })), /^404 BLOB_UPLOAD_UNKNOWN/);
});

test('the registry enforces the policies of whoever asked for the token', async () => {
  const name = await makeRepository('guarded');
  await pushImage(registry, name, 'v1', makeImage({ layers: [[{ path: 'a', content: 'guarded' }]] }));
  const { iam } = scene().aws;
  await iam.send(new CreateUserCommand({ UserName: 'puller' }));
  const pull = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: ['ecr:GetAuthorizationToken', 'ecr:BatchGetImage'], Resource: '*' }] };
  await iam.send(new PutUserPolicyCommand({ UserName: 'puller', PolicyName: 'pull', PolicyDocument: JSON.stringify(pull) }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: 'puller' }));
  const own = new ECRClient(sdkConfig(registry.endpoint, { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' }));
  const as: Registry = { ...registry, token: await tokenOf(own) };
  own.destroy();
  assert.equal((await ask(`${name}/manifests/v1`, { as })).status, 200);
  assert.match(await problemOf(await ask(`${name}/blobs/uploads/`, { method: 'POST', as })), /^403 DENIED: User: .*:user\/puller is not authorized to perform: ecr:InitiateLayerUpload on resource: .*:repository\/guarded/);
  const policyText = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Deny', Principal: '*', Action: 'ecr:BatchGetImage' }] });
  await client.send(new SetRepositoryPolicyCommand({ repositoryName: name, policyText }));
  assert.match(await problemOf(await ask(`${name}/manifests/v1`, { as })), /^403 DENIED: .* with an explicit deny in a resource-based policy/);
});

test('crane pushes, tags, lists and pulls an image unmodified', async (t) => {
  const crane = await requireCrane();
  if (typeof crane !== 'string') return t.skip(crane.missing);
  const name = await makeRepository('crane/app');
  const host = `127.0.0.1:${new URL(registry.endpoint).port}`;
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ auths: { [host]: { auth: registry.token } } }));
  const run = async (...args: string[]): Promise<string> => {
    const result = await runCommand(crane, args, { env: { DOCKER_CONFIG: folder, HOME: folder, PATH: '/usr/bin:/bin' } });
    assert.equal(result.exitCode, 0, result.stderr);
    return result.stdout.trim();
  };
  writeFileSync(join(folder, 'layer.tar'), Buffer.alloc(10_240));
  await run('append', '--new_layer', join(folder, 'layer.tar'), '--new_tag', `${host}/${name}:v1`);
  await run('tag', `${host}/${name}:v1`, 'stable');
  assert.deepEqual((await run('ls', `${host}/${name}`)).split('\n').sort(), ['stable', 'v1']);
  const digest = await run('digest', `${host}/${name}:stable`);
  await run('pull', `${host}/${name}@${digest}`, join(folder, 'pulled.tar'));
  assert.ok(readFileSync(join(folder, 'pulled.tar')).length > 0);
  await makeRepository('crane/copy');
  await run('copy', `${host}/${name}:v1`, `${host}/crane/copy:v1`);
  assert.equal(await run('digest', `${host}/crane/copy:v1`), digest);
  assert.match(await run('catalog', host), /crane\/app/);
});
