import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { helloFunction, withLambda, zipOf } from '../testing/testLambda.ts';
import type { TestLambda } from '../testing/testLambda.ts';

async function publish({ call }: TestLambda, LayerName: string, text: string): Promise<string> {
  const { LayerVersionArn = '' } = await call('PublishLayerVersion', { LayerName, Content: { ZipFile: zipOf({ [`${LayerName}.txt`]: text }) } });
  return LayerVersionArn;
}

const foldersOf = (bench: TestLambda): string[] => readdirSync(bench.codeFolder).filter((name) => name !== 'boot');

test('PublishLayerVersion, GetLayerVersion, GetLayerVersionByArn and DeleteLayerVersion: an archive is kept while a layer or a function needs it', async () => {
  await withLambda(async (bench) => {
    const { call, blobs, lambda } = bench;
    const arn = await publish(bench, 'words', 'one');
    const twin = await publish(bench, 'twin', 'other');
    assert.equal((await call('GetLayerVersionByArn', { Arn: arn })).Version, 1);
    await call('CreateFunction', { ...helloFunction, Layers: [arn, twin] });
    await call('PublishVersion', { FunctionName: 'hello' });
    await call('DeleteLayerVersion', { LayerName: 'words', VersionNumber: 1 });
    await assert.rejects(call('GetLayerVersion', { LayerName: 'words', VersionNumber: 1 }), { code: 'ResourceNotFoundException' });
    assert.equal(blobs.bodies.size, 3);
    await call('UpdateFunctionConfiguration', { FunctionName: 'hello', Layers: [twin] });
    assert.equal(blobs.bodies.size, 3, 'the published version has it still');
    await call('DeleteFunction', { FunctionName: 'hello', Qualifier: '1' });
    assert.equal(blobs.bodies.size, 2);
    await call('DeleteFunction', { FunctionName: 'hello' });
    assert.equal(blobs.bodies.size, 1, 'a layer stays without functions');
    await call('DeleteLayerVersion', { LayerName: 'twin', VersionNumber: 1 });
    await lambda.close(0);
    assert.deepEqual([blobs.bodies.size, foldersOf(bench)], [0, []]);
  });
});

test('two layers of the same content are kept apart', async () => {
  await withLambda(async (bench) => {
    const { call, blobs } = bench;
    const zip = { ZipFile: zipOf({ same: 'same' }) };
    const arns: string[] = [];
    for (const LayerName of ['a', 'b']) arns.push((await call('PublishLayerVersion', { LayerName, Content: zip })).LayerVersionArn ?? '');
    await call('CreateFunction', { ...helloFunction, Layers: arns });
    for (const LayerName of ['a', 'b']) await call('DeleteLayerVersion', { LayerName, VersionNumber: 1 });
    await call('Invoke', { FunctionName: 'hello' });
    await call('UpdateFunctionConfiguration', { FunctionName: 'hello', Layers: [] });
    assert.equal(blobs.bodies.size, 1);
  });
});

test('functions with the same layers share one folder at /opt, which is made again when it is missing', async () => {
  await withLambda(async (bench) => {
    const { call, sandbox, codeFolder } = bench;
    const arns = [await publish(bench, 'words', 'one'), await publish(bench, 'more', 'two')];
    for (const FunctionName of ['first', 'second']) {
      await call('CreateFunction', { ...helloFunction, FunctionName, Layers: arns });
      await call('Invoke', { FunctionName });
    }
    await call('CreateFunction', { ...helloFunction, FunctionName: 'third', Layers: [...arns].reverse() });
    await call('Invoke', { FunctionName: 'third' });
    const [first, second, third] = sandbox.started.map(({ spec }) => spec.layersFolder ?? '');
    assert.ok(first !== undefined && first === second && first !== third && first.startsWith(codeFolder));
    assert.deepEqual(readdirSync(first).sort(), ['more.txt', 'words.txt']);
    assert.equal(readFileSync(join(first, 'more.txt'), 'utf8'), 'two');
    const restarted = bench.restart();
    await restarted.recover();
    assert.ok(!existsSync(first), 'merged folders are made again after a restart');
    await restarted.close(0);
  });
});

test('ListLayers and ListLayerVersions page, and AddLayerVersionPermission, GetLayerVersionPolicy and RemoveLayerVersionPermission are for the own account', async () => {
  await withLambda(async (bench) => {
    const { call } = bench;
    for (const name of ['a', 'b', 'b', 'c']) await publish(bench, name, 'x');
    const first = await call('ListLayers', { MaxItems: 2 });
    const second = await call('ListLayers', { MaxItems: 2, Marker: first.NextMarker });
    assert.deepEqual([...(first.Layers ?? []), ...(second.Layers ?? [])].map(({ LayerName, LatestMatchingVersion }) => [LayerName, LatestMatchingVersion?.Version]), [['a', 1], ['b', 2], ['c', 1]]);
    const newest = await call('ListLayerVersions', { LayerName: 'b', MaxItems: 1 });
    const older = await call('ListLayerVersions', { LayerName: 'b', MaxItems: 1, Marker: newest.NextMarker });
    assert.deepEqual([newest, older].map(({ LayerVersions }) => LayerVersions?.map(({ Version }) => Version)), [[2], [1]]);
    const foreign = { LayerName: 'arn:aws:lambda:us-east-1:111111111111:layer:a', VersionNumber: 1 };
    const statement = { StatementId: 's', Action: 'lambda:GetLayerVersion', Principal: '*' };
    await assert.rejects(call('AddLayerVersionPermission', { ...foreign, ...statement }), { code: 'AccessDeniedException' });
    await assert.rejects(call('GetLayerVersionPolicy', foreign), { code: 'AccessDeniedException' });
    await assert.rejects(call('RemoveLayerVersionPermission', { ...foreign, StatementId: 's' }), { code: 'AccessDeniedException' });
    await call('AddLayerVersionPermission', { LayerName: 'a', VersionNumber: 1, ...statement });
    assert.match((await call('GetLayerVersionPolicy', { LayerName: 'a', VersionNumber: 1 })).Policy ?? '', /"Sid":"s"/);
  });
});
