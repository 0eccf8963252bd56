import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { BatchDeleteImageCommand, CreateRepositoryCommand, ECRClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr';
import { CreateFunctionCommand, type CreateFunctionCommandInput, GetFunctionCommand, UpdateFunctionCodeCommand, UpdateFunctionConfigurationCommand, waitUntilFunctionActiveV2 } from '@aws-sdk/client-lambda';
import { packageRoot } from '../../../src/base/packageRoot.ts';
import { invoke, uniqueName } from '../../support/functions.ts';
import { type ImageSettings, makeImage, pushImage, type Registry, type TarEntry, type TestImage } from '../../support/ociImage.ts';
import { runCommand } from '../../support/runCommand.ts';
import { sdkConfig } from '../../support/sdkClients.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';
import { zipFiles } from '../../support/zipFolder.ts';

// https://docs.aws.amazon.com/lambda/latest/dg/images-create.html

const repository = 'functions';
const hostArchitecture = process.arch === 'arm64' ? 'arm64' : 'x86_64';
const folder = mkdtempSync(join(tmpdir(), 'haneul-images-'));
let program: Buffer | undefined;
let missing = '';
let ecr: ECRClient;
let registry: Registry;
let base = '';

const scene = useServer({}, async ({ server }) => {
  ecr = new ECRClient(sdkConfig(server.endpoint));
  const made = await ecr.send(new CreateRepositoryCommand({ repositoryName: repository }));
  base = made.repository?.repositoryUri ?? '';
  registry = { endpoint: server.endpoint, token: (await ecr.send(new GetAuthorizationTokenCommand({}))).authorizationData?.[0]?.authorizationToken ?? '' };
});
before(async () => {
  const built = await runCommand('gcc', ['-static', '-O1', '-o', join(folder, 'runtime'), join(packageRoot, 'test', 'fixtures', 'images', 'runtime.c')]).catch(() => undefined);
  if (built?.exitCode === 0) program = readFileSync(join(folder, 'runtime'));
  else missing = 'not run: gcc cannot link statically here';
  if (process.getuid?.() !== 0) missing = 'not run: container images need a server that is root';
});
after(() => {
  ecr.destroy();
  rmSync(folder, { recursive: true, force: true });
});

const rootOf = (): readonly TarEntry[] => [
  { path: 'runtime', content: program ?? '', mode: 0o6755 },
  { path: 'data/', type: '5' },
  { path: 'data/gone', content: 'x' },
  { path: 'work/', type: '5' },
];
const changes: readonly TarEntry[] = [{ path: 'data/.wh.gone' }, { path: 'data/kept', content: 'y' }, { path: 'link', type: '2', link: '/runtime' }];
const standard = { Entrypoint: ['/link'], Cmd: ['one', 'two'], WorkingDir: '/data', Env: ['HANEUL_TEST=from the image', 'OWN=image'] };

async function push(tag: string, settings: Partial<ImageSettings> = {}): Promise<TestImage> {
  const image = makeImage({ layers: [rootOf(), changes], config: standard, ...settings });
  await pushImage(registry, repository, tag, image);
  return image;
}

async function create(tag: string, more: Partial<CreateFunctionCommandInput> = {}): Promise<string> {
  const { aws, roleArn } = scene();
  const FunctionName = uniqueName('image');
  const made = await aws.lambda.send(new CreateFunctionCommand({ FunctionName, Role: roleArn, PackageType: 'Image', Code: { ImageUri: `${base}:${tag}` }, Architectures: [hostArchitecture], ...more }));
  assert.equal(made.State, 'Pending');
  await waitUntilFunctionActiveV2({ client: aws.lambda, maxWaitTime: 60, minDelay: 1 }, { FunctionName });
  return FunctionName;
}

test('CreateFunction runs an image in the sandbox, with its own root, and GetFunction tells its digest', async (t) => {
  if (missing !== '') return t.skip(missing);
  const { lambda } = scene().aws;
  const image = await push('v1');
  const name = await create('v1', { Environment: { Variables: { OWN: 'function' } } });
  const got = await lambda.send(new GetFunctionCommand({ FunctionName: name }));
  assert.deepEqual(got.Code, { RepositoryType: 'ECR', ImageUri: `${base}:v1`, ResolvedImageUri: `${base}@${image.digest}` });
  const { PackageType, CodeSha256, CodeSize, Runtime, Handler, State } = got.Configuration ?? {};
  assert.deepEqual([PackageType, CodeSha256, CodeSize, Runtime, Handler, State], ['Image', image.digest.slice('sha256:'.length), 0, undefined, undefined, 'Active']);
  const result = await invoke(lambda, name, { a: 1 }, { LogType: 'Tail' });
  assert.equal(result.functionError, undefined, result.text);
  const { uid, ...seen } = result.payload as { readonly uid: number };
  assert.notEqual(uid, 0);
  const expected = { cwd: '/data', image: 'from the image', own: 'function', handler: false, args: ['one', 'two'], tmp: 1, root: 0, gone: 1, kept: 1, usr: 0, setId: 0, setuid: 0 };
  assert.deepEqual(seen, expected);
  assert.match(result.logTail, /image starts/);
});

test('CreateFunction keeps the image when its tag moves, and when it is deleted; UpdateFunctionCode takes the new one', async (t) => {
  if (missing !== '') return t.skip(missing);
  const { lambda } = scene().aws;
  const first = await push('moving');
  const name = await create('moving');
  const second = await push('moving', { config: { ...standard, Cmd: ['new'] } });
  await ecr.send(new BatchDeleteImageCommand({ repositoryName: repository, imageIds: [{ imageDigest: first.digest }] }));
  assert.deepEqual(((await invoke(lambda, name)).payload as { args: string[] }).args, ['one', 'two']);
  const updated = await lambda.send(new UpdateFunctionCodeCommand({ FunctionName: name, ImageUri: `${base}:moving` }));
  assert.equal(updated.CodeSha256, second.digest.slice('sha256:'.length));
  assert.deepEqual(((await invoke(lambda, name)).payload as { args: string[] }).args, ['new']);
});

test('UpdateFunctionConfiguration overrides entry point, command and working directory of an image', async (t) => {
  if (missing !== '') return t.skip(missing);
  const { lambda } = scene().aws;
  await push('overridden');
  const name = await create('overridden', { ImageConfig: { Command: ['three'] } });
  assert.deepEqual(((await invoke(lambda, name)).payload as { args: string[] }).args, ['three']);
  const changed = await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: name, ImageConfig: { EntryPoint: ['runtime', 'x'], WorkingDirectory: '/work' }, Environment: { Variables: { PATH: '/nowhere:/' } } }));
  assert.deepEqual(changed.ImageConfigResponse?.ImageConfig, { EntryPoint: ['runtime', 'x'], WorkingDirectory: '/work' });
  const { args, cwd } = (await invoke(lambda, name)).payload as { args: string[]; cwd: string };
  assert.deepEqual([args, cwd], [['x'], '/work']);
  await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: name, ImageConfig: { EntryPoint: ['/absent'] } }));
  assert.deepEqual((await invoke(lambda, name)).payload, { errorType: 'Runtime.InvalidEntrypoint', errorMessage: 'Error: fork/exec /absent: no such file or directory' });
  await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: name, ImageConfig: { WorkingDirectory: '/absent' } }));
  assert.equal(((await invoke(lambda, name)).payload as { errorType: string }).errorType, 'Runtime.InvalidWorkingDir');
});

test('CreateFunction and UpdateFunctionCode refuse what does not go with images, in the words of Lambda', async (t) => {
  if (missing !== '') return t.skip(missing);
  const { aws, roleArn } = scene();
  const image = await push('plain');
  const settings: CreateFunctionCommandInput = { FunctionName: 'refused', Role: roleArn, PackageType: 'Image', Code: { ImageUri: `${base}:plain` }, Architectures: [hostArchitecture] };
  const attempt = (more: Partial<CreateFunctionCommandInput>): Promise<unknown> => aws.lambda.send(new CreateFunctionCommand({ ...settings, ...more }));
  const name = 'InvalidParameterValueException';
  const mixed = "Please don't provide Handler or Runtime or Layer when the intended function PackageType is Image.";
  await expectRefusal(attempt({ Runtime: 'nodejs22.x', Handler: 'a.b' }), { name, message: mixed });
  await expectRefusal(attempt({ Layers: ['arn:aws:lambda:us-east-1:000000000000:layer:a:1'] }), { name, message: mixed });
  await expectRefusal(attempt({ Code: { ImageUri: `${base}:absent` } }), { name, message: `Source image ${base}:absent does not exist. Provide a valid source image.` });
  await expectRefusal(attempt({ Code: { ImageUri: 'docker.io/library/busybox' } }), { name, message: 'Source image docker.io/library/busybox is not valid. Provide a valid source image.' });
  await expectRefusal(attempt({ Code: { ImageUri: base.replace('000000000000', '111122223333') } }), { name: 'AccessDeniedException', message: 'Lambda does not have permission to access the ECR image. Check the ECR permissions.' });
  await expectRefusal(attempt({ Architectures: [hostArchitecture === 'arm64' ? 'x86_64' : 'arm64'] }), { name, message: /was built for/ });
  const index = JSON.stringify({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests: [{ mediaType: image.mediaType, digest: image.digest, size: image.manifest.length }] });
  await pushImage(registry, repository, 'index', { ...image, manifest: index, mediaType: 'application/vnd.oci.image.index.v1+json' });
  await expectRefusal(attempt({ Code: { ImageUri: `${base}:index` } }), { name, message: `The image manifest, config or layer media type for the source image ${base}:index is not supported.` });
  const running = await create('plain');
  await expectRefusal(aws.lambda.send(new UpdateFunctionCodeCommand({ FunctionName: running, ZipFile: zipFiles({ 'a.js': '' }) })), { name, message: 'Please provide ImageUri when updating a function with packageType Image.' });
  await expectRefusal(aws.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: running, Handler: 'a.b' })), { name, message: mixed });
});

test('CreateFunction refuses images whose layers are hostile', async (t) => {
  if (missing !== '') return t.skip(missing);
  await push('hostile', { layers: [[{ path: '../escape', content: 'x' }]] });
  await expectRefusal(create('hostile'), { name: 'InvalidParameterValueException', message: /leads out of the image/ });
  // Mount points that are links lead nowhere: they become folders.
  await push('links', { layers: [rootOf(), changes, [{ path: 'tmp', type: '2', link: '/data' }, { path: 'proc', type: '2', link: '../../../etc' }, { path: 'etc', type: '2', link: '/' }]] });
  const name = await create('links');
  assert.equal(((await invoke(scene().aws.lambda, name)).payload as { tmp: number }).tmp, 1);
});
