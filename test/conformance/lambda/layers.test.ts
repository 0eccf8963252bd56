// PublishLayerVersion, GetLayerVersion, GetLayerVersionByArn, DeleteLayerVersion, ListLayers, ListLayerVersions, AddLayerVersionPermission,
// RemoveLayerVersionPermission, GetLayerVersionPolicy, and layers of functions.
// https://docs.aws.amazon.com/lambda/latest/dg/chapter-layers.html

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import {
  AddLayerVersionPermissionCommand,
  CreateFunctionCommand,
  DeleteFunctionCommand,
  DeleteLayerVersionCommand,
  GetFunctionConfigurationCommand,
  GetLayerVersionByArnCommand,
  GetLayerVersionCommand,
  GetLayerVersionPolicyCommand,
  ListLayerVersionsCommand,
  ListLayersCommand,
  PublishLayerVersionCommand,
  PublishVersionCommand,
  RemoveLayerVersionPermissionCommand,
  UpdateFunctionConfigurationCommand,
  type PublishLayerVersionCommandInput,
} from '@aws-sdk/client-lambda';
import { createFunction, invoke, uniqueName, waitUntilUpdated } from '../../support/functions.ts';
import { createLimitedUser } from '../../support/limitedUser.ts';
import { sdkClients } from '../../support/sdkClients.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';
import { zipFiles } from '../../support/zipFolder.ts';

const scene = useServer();
const lambda = () => scene().aws.lambda;

type Files = Readonly<Record<string, string>>;

async function publish(files: Files, input: Partial<PublishLayerVersionCommandInput> = {}) {
  return await lambda().send(new PublishLayerVersionCommand({ LayerName: uniqueName('layer'), Content: { ZipFile: zipFiles(files) }, ...input }));
}

const create = async (settings: Partial<Parameters<typeof createFunction>[1]>): Promise<string> => createFunction(lambda(), { Role: scene().roleArn, ...settings });

/** A layer version of another account, which everybody's tests may not touch. */
async function publishElsewhere(): Promise<{ arn: string; share: (Principal: string) => Promise<unknown>; destroy: () => void }> {
  const other = sdkClients(scene().server.endpoint, { accessKeyId: '111111111111', secretAccessKey: 'x' });
  const { LayerVersionArn: arn = '' } = await other.lambda.send(new PublishLayerVersionCommand({ LayerName: 'shared', Content: { ZipFile: zipFiles({ 'python/shared.py': 'word = "shared"\n' }) } }));
  const share = (Principal: string): Promise<unknown> =>
    other.lambda.send(
      new AddLayerVersionPermissionCommand({ LayerName: 'shared', VersionNumber: Number(arn.split(':').at(-1)), StatementId: 'share', Action: 'lambda:GetLayerVersion', Principal }),
    );
  return { arn, share, destroy: () => other.destroy() };
}

suite('Layer versions', () => {
  test('a version is published, read by number and ARN, downloaded, listed and deleted; its number is not used again', async () => {
    const LayerName = uniqueName('layer');
    const about = { LayerName, Description: 'words', CompatibleRuntimes: ['python3.12', 'nodejs22.x'], CompatibleArchitectures: ['x86_64'], LicenseInfo: 'MIT' } satisfies Partial<PublishLayerVersionCommandInput>;
    const first = await publish({ 'python/word.py': 'word = 1\n' }, about);
    const arn = `arn:aws:lambda:us-east-1:000000000000:layer:${LayerName}`;
    assert.deepEqual([first.$metadata.httpStatusCode, first.LayerArn, first.LayerVersionArn, first.Version], [201, arn, `${arn}:1`, 1]);
    assert.match(first.CreatedDate ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$/);
    const { Content = {}, $metadata: _m, ...described } = first;
    const archive = Buffer.from(await (await fetch(Content.Location ?? '')).arrayBuffer());
    assert.deepEqual([archive.length, archive], [Content.CodeSize, Buffer.from(zipFiles({ 'python/word.py': 'word = 1\n' }))]);
    for (const read of [
      await lambda().send(new GetLayerVersionCommand({ LayerName, VersionNumber: 1 })),
      await lambda().send(new GetLayerVersionCommand({ LayerName: arn, VersionNumber: 1 })),
      await lambda().send(new GetLayerVersionByArnCommand({ Arn: `${arn}:1` })),
    ]) {
      const { Content: content, $metadata: _read, ...rest } = read;
      assert.deepEqual([rest, content?.CodeSha256], [described, Content.CodeSha256]);
    }
    await publish({ 'python/word.py': 'word = 2\n' }, { LayerName, CompatibleRuntimes: ['python3.13'] });
    const { LayerVersions = [] } = await lambda().send(new ListLayerVersionsCommand({ LayerName }));
    assert.deepEqual(LayerVersions.map(({ Version }) => Version), [2, 1]);
    const latestFor = async (CompatibleRuntime: 'python3.12' | 'ruby3.3' | undefined): Promise<number | undefined> => {
      const { Layers = [] } = await lambda().send(new ListLayersCommand(CompatibleRuntime === undefined ? {} : { CompatibleRuntime }));
      return Layers.find((layer) => layer.LayerName === LayerName)?.LatestMatchingVersion?.Version;
    };
    assert.deepEqual([await latestFor(undefined), await latestFor('python3.12'), await latestFor('ruby3.3')], [2, 1, undefined]);
    const deleted = await lambda().send(new DeleteLayerVersionCommand({ LayerName, VersionNumber: 2 }));
    assert.equal(deleted.$metadata.httpStatusCode, 204);
    await lambda().send(new DeleteLayerVersionCommand({ LayerName, VersionNumber: 2 }));
    await expectRefusal(lambda().send(new GetLayerVersionCommand({ LayerName, VersionNumber: 2 })), { name: 'ResourceNotFoundException', status: 404, message: 'The resource you requested does not exist.' });
    assert.equal((await publish({ 'python/word.py': 'word = 3\n' }, { LayerName })).Version, 3);
  });
  test('broken archives, version 0 and unknown layers are refused; content may lie in a bucket', async () => {
    const wrong = (input: object): Promise<unknown> => publish({}, input);
    await expectRefusal(wrong({ Content: { ZipFile: Buffer.from('no zip') } }), { name: 'InvalidParameterValueException', status: 400, message: /^Could not unzip uploaded file/ });
    await expectRefusal(wrong({ Content: {} }), { name: 'InvalidParameterValueException', status: 400 });
    await expectRefusal(wrong({ LayerName: 'not/a/name' }), { name: 'ValidationException', status: 400 });
    await expectRefusal(lambda().send(new GetLayerVersionCommand({ LayerName: 'x', VersionNumber: 0 })), { name: 'InvalidParameterValueException', status: 400, message: 'Layer Version Cannot be less than 1.' });
    assert.deepEqual((await lambda().send(new ListLayerVersionsCommand({ LayerName: 'missing' }))).LayerVersions, []);
    const Bucket = uniqueName('layers');
    await scene().aws.s3.send(new CreateBucketCommand({ Bucket }));
    await scene().aws.s3.send(new PutObjectCommand({ Bucket, Key: 'layer.zip', Body: zipFiles({ 'bin/tool': 'x' }) }));
    assert.equal((await publish({}, { Content: { S3Bucket: Bucket, S3Key: 'layer.zip' } })).Version, 1);
  });
});

suite('Layers of functions', () => {
  const python = `
import os, shutil, subprocess, sys
import word, packaged
def handler(event, context):
    try:
        open('/opt/written', 'w')
    except OSError as error:
        refused = error.strerror
    where = [shutil.which('tool'), subprocess.check_output(['tool'], text=True).strip()]
    return [word.word, packaged.word, where, sorted(os.listdir('/opt')), refused, '/opt/lib' in os.environ['LD_LIBRARY_PATH']]
`;
  test('layers lie merged at /opt, later ones over earlier ones; a function keeps those that were deleted', async () => {
    const one = await publish({ 'python/word.py': 'word = "one"\n', 'bin/tool': '#!/bin/sh\necho tool one\n', 'python/lib/python3.12/site-packages/packaged.py': 'word = "3.12"\n' });
    const two = await publish({ 'python/word.py': 'word = "two"\n', 'data.txt': 'two' });
    const packaged = await publish({ 'python/packaged.py': 'word = "any"\n' });
    const arns = [one, two, packaged].map(({ LayerVersionArn = '' }) => LayerVersionArn);
    const FunctionName = await create({ Runtime: 'python3.12', Handler: 'app.handler', files: { 'app.py': python }, Layers: arns });
    const { payload } = await invoke(lambda(), FunctionName);
    const seen = payload as unknown[];
    assert.equal(seen[0], 'two');
    assert.ok(['3.12', 'any'].includes(String(seen[1])), 'the folder of the version comes first where this host has the version');
    assert.deepEqual(seen.slice(2), [['/opt/bin/tool', 'tool one'], ['bin', 'data.txt', 'python'], 'Read-only file system', true]);
    const { Layers = [] } = await lambda().send(new GetFunctionConfigurationCommand({ FunctionName }));
    assert.deepEqual(Layers, [one, two, packaged].map(({ LayerVersionArn, Content }) => ({ Arn: LayerVersionArn, CodeSize: Content?.CodeSize })));
    await lambda().send(new PublishVersionCommand({ FunctionName }));
    for (const arn of arns) await lambda().send(new DeleteLayerVersionCommand({ LayerName: arn.split(':').slice(0, -1).join(':'), VersionNumber: 1 }));
    await lambda().send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables: { FRESH: 'environment' } } }));
    await waitUntilUpdated(lambda(), FunctionName);
    assert.deepEqual((await invoke(lambda(), FunctionName)).payload, payload);
    await expectRefusal(lambda().send(new UpdateFunctionConfigurationCommand({ FunctionName, Layers: arns })), {
      name: 'InvalidParameterValueException',
      status: 400,
      message: `Layer version ${arns[0]} does not exist.`,
    });
    await lambda().send(new UpdateFunctionConfigurationCommand({ FunctionName, Layers: [] }));
    await waitUntilUpdated(lambda(), FunctionName);
    assert.match((await invoke(lambda(), FunctionName)).text, /Runtime\.ImportModuleError/);
    assert.deepEqual((await invoke(lambda(), FunctionName, {}, { Qualifier: '1' })).payload, payload, 'the published version has its layers still');
    await lambda().send(new DeleteFunctionCommand({ FunctionName }));
  });
  test('Node.js finds modules of layers, those for its own version first; a custom runtime may be a layer', async () => {
    const modules = await publish({
      'nodejs/node_modules/word/index.js': 'module.exports = "any";',
      'nodejs/node22/node_modules/word/index.js': 'module.exports = "22";',
      'nodejs/node_modules/other/index.js': 'module.exports = "other";',
    });
    const source = { 'index.js': "exports.handler = async () => [require('word'), require('other'), (await import('other')).default];" };
    const FunctionName = await create({ files: source, Layers: [modules.LayerVersionArn ?? ''] });
    assert.deepEqual((await invoke(lambda(), FunctionName)).payload, ['22', 'other', 'other']);
    const bootstrap = `#!/bin/sh
while true; do
  id=$(curl -sS -D - -o /tmp/event "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/next" | tr -d '\\r' | sed -n 's/^[Ll]ambda-[Rr]untime-[Aa]ws-[Rr]equest-[Ii]d: //p')
  curl -sS -o /dev/null -d "\\"$(cat /var/task/word) $(basename $0)\\"" "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/$id/response"
done
`;
    const runtime = await publish({ bootstrap });
    const custom = await create({ Runtime: 'provided.al2023', Handler: 'x', files: { word: 'custom' }, Layers: [runtime.LayerVersionArn ?? ''] });
    assert.equal((await invoke(lambda(), custom)).payload, 'custom bootstrap');
  });
  test('more than five, two versions of one, other regions and unknown ones are refused, in the words of AWS', async () => {
    const LayerName = uniqueName('layer');
    const first = (await publish({ a: '1' }, { LayerName })).LayerVersionArn ?? '';
    const second = (await publish({ a: '2' }, { LayerName })).LayerVersionArn ?? '';
    const attempt = (Layers: string[]): Promise<unknown> =>
      lambda().send(new CreateFunctionCommand({ FunctionName: uniqueName('function'), Runtime: 'nodejs22.x', Handler: 'index.handler', Role: scene().roleArn, Code: { ZipFile: zipFiles({ 'index.js': '' }) }, Layers }));
    const refused = (Layers: string[], message: string | RegExp): Promise<unknown> => expectRefusal(attempt(Layers), { name: 'InvalidParameterValueException', status: 400, message });
    await refused(Array.from({ length: 6 }, (_, index) => `${first.slice(0, -2)}-${index}:1`), 'Cannot reference more than 5 layers.');
    await refused([first, second], `Two different versions of the same layer are not allowed to be referenced in the same function. ${first} and ${second} are versions of the same layer.`);
    await refused([first.replace('us-east-1', 'eu-west-1')], 'Layers are not in the same region as the function. Layers are expected to be in region us-east-1.');
    await refused([`${first.slice(0, -1)}9`], /^Layer version .*:9 does not exist\.$/);
    await expectRefusal(attempt(['not an arn']), { name: 'ValidationException', status: 400 });
  });
  test('the extension for parameters and secrets that AWS publishes is here without its layer', async () => {
    const arn = 'arn:aws:lambda:us-east-1:177933569100:layer:AWS-Parameters-and-Secrets-Lambda-Extension:12';
    const FunctionName = await create({ files: { 'index.js': "exports.handler = async () => require('node:fs').readdirSync('/opt');" }, Layers: [arn] });
    assert.deepEqual((await invoke(lambda(), FunctionName)).payload, []);
    const { Layers } = await lambda().send(new GetFunctionConfigurationCommand({ FunctionName }));
    assert.deepEqual(Layers, [{ Arn: arn, CodeSize: 0 }]);
  });
});

suite('Permissions of layer versions', () => {
  test('another account uses a layer only when its policy says so, and keeps it afterwards', async () => {
    const { arn, share, destroy } = await publishElsewhere();
    const files = { 'app.py': 'import shared\ndef handler(event, context):\n    return shared.word\n' };
    const attempt = (): Promise<string> => create({ Runtime: 'python3.12', Handler: 'app.handler', files, Layers: [arn] });
    const denied = { name: 'AccessDeniedException', status: 403, message: /is not authorized to perform: lambda:GetLayerVersion on resource: .* because no resource-based policy allows the lambda:GetLayerVersion action/ };
    await expectRefusal(attempt(), denied);
    await expectRefusal(lambda().send(new GetLayerVersionByArnCommand({ Arn: arn })), denied);
    await expectRefusal(lambda().send(new DeleteLayerVersionCommand({ LayerName: arn.split(':').slice(0, -1).join(':'), VersionNumber: 1 })), { name: 'AccessDeniedException', status: 403 });
    await share('000000000000');
    assert.equal((await invoke(lambda(), await attempt())).payload, 'shared');
    assert.equal((await lambda().send(new GetLayerVersionByArnCommand({ Arn: arn }))).Version, 1);
    destroy();
  });
  test('a policy is made of statements, with a revision, and is gone with the last', async () => {
    const { LayerVersionArn = '' } = await publish({ a: '1' });
    const LayerName = LayerVersionArn.split(':').at(-2);
    const version = { LayerName, VersionNumber: 1 };
    await expectRefusal(lambda().send(new GetLayerVersionPolicyCommand(version)), { name: 'ResourceNotFoundException', status: 404, message: 'No policy is associated with the given resource.' });
    const statement = { ...version, StatementId: 'all', Action: 'lambda:GetLayerVersion', Principal: '*' };
    const { Statement = '', RevisionId } = await lambda().send(new AddLayerVersionPermissionCommand({ ...statement, OrganizationId: 'o-abcdefghij' }));
    assert.deepEqual(JSON.parse(Statement), {
      Sid: 'all', Effect: 'Allow', Principal: '*', Action: 'lambda:GetLayerVersion', Resource: LayerVersionArn, Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-abcdefghij' } },
    });
    const { Policy = '' } = await lambda().send(new GetLayerVersionPolicyCommand(version));
    assert.deepEqual((JSON.parse(Policy) as { Statement: unknown[] }).Statement, [JSON.parse(Statement)]);
    await expectRefusal(lambda().send(new AddLayerVersionPermissionCommand(statement)), { name: 'ResourceConflictException', status: 409, message: /^The statement id \(all\) provided already exists/ });
    await expectRefusal(lambda().send(new AddLayerVersionPermissionCommand({ ...statement, Action: 'lambda:InvokeFunction' })), { name: 'ValidationException', status: 400 });
    await expectRefusal(lambda().send(new AddLayerVersionPermissionCommand({ ...statement, VersionNumber: 2 })), { name: 'ResourceNotFoundException', status: 404, message: /^Layer version .*:2 does not exist\.$/ });
    const removal = { ...version, StatementId: 'all' };
    await expectRefusal(lambda().send(new RemoveLayerVersionPermissionCommand({ ...removal, RevisionId: 'other' })), { name: 'PreconditionFailedException', status: 412 });
    await lambda().send(new RemoveLayerVersionPermissionCommand({ ...removal, RevisionId }));
    await expectRefusal(lambda().send(new GetLayerVersionPolicyCommand(version)), { name: 'ResourceNotFoundException', status: 404 });
  });
  test('users need lambda:GetLayerVersion, and their policies may say which layers they use', async () => {
    const { LayerVersionArn: arn = '' } = await publish({ a: '1' });
    const { LayerVersionArn: other = '' } = await publish({ a: '2' });
    const FunctionName = await create({ files: { 'index.js': '' } });
    const { clients } = await createLimitedUser(scene(), [
      { Effect: 'Allow', Action: 'lambda:GetLayerVersion', Resource: other },
      { Effect: 'Allow', Action: 'lambda:UpdateFunctionConfiguration', Resource: '*', Condition: { 'ForAllValues:StringLike': { 'lambda:Layer': `${arn.slice(0, 45)}*` } } },
    ]);
    const update = (Layers: string[]): Promise<unknown> => clients.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Layers }));
    await expectRefusal(update(['arn:aws:lambda:us-east-1:000000000000:layer:elsewhere:1']), { name: 'AccessDeniedException', status: 403, message: /lambda:UpdateFunctionConfiguration/ });
    await expectRefusal(update([arn]), { name: 'AccessDeniedException', status: 403, message: /lambda:GetLayerVersion/ });
    await update([other]);
  });
});
