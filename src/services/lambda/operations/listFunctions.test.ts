import assert from 'node:assert/strict';
import { test } from 'node:test';
import { helloFunction, withLambda } from '../testing/testLambda.ts';
import type { TestLambda } from '../testing/testLambda.ts';

async function createSome({ call }: TestLambda): Promise<void> {
  for (const FunctionName of ['delta', 'alpha', 'charlie', 'bravo']) await call('CreateFunction', { ...helloFunction, FunctionName });
}

async function namesOf({ call }: TestLambda, input: object): Promise<string[][]> {
  const pages: string[][] = [];
  let Marker: string | undefined;
  do {
    const page = await call('ListFunctions', { ...input, ...(Marker === undefined ? {} : { Marker }) });
    pages.push((page.Functions ?? []).map((item) => `${item.FunctionName}${item.FunctionArn?.split(item.FunctionName ?? '')[1]}`));
    Marker = page.NextMarker;
  } while (Marker !== undefined);
  return pages;
}

test('ListFunctions answers every function once, by name, in pages', async () => {
  await withLambda(async (bench) => {
    assert.deepEqual(await namesOf(bench, {}), [[]]);
    await createSome(bench);
    assert.deepEqual(await namesOf(bench, {}), [['alpha', 'bravo', 'charlie', 'delta']]);
    assert.deepEqual(await namesOf(bench, { MaxItems: 3 }), [['alpha', 'bravo', 'charlie'], ['delta']]);
    assert.deepEqual(await namesOf(bench, { MaxItems: 4 }), [['alpha', 'bravo', 'charlie', 'delta']]);
  });
});

test('ListFunctions leaves out the states, as AWS does', async () => {
  await withLambda(async ({ call }) => {
    await call('CreateFunction', helloFunction);
    const [item] = (await call('ListFunctions', {})).Functions ?? [];
    assert.deepEqual([item?.State, item?.LastUpdateStatus, item?.RuntimeVersionConfig, item?.Runtime], [undefined, undefined, undefined, 'nodejs22.x']);
  });
});

test('ListFunctions with ALL answers every version too, across pages of any size', async () => {
  await withLambda(async (bench) => {
    await createSome(bench);
    for (const Description of ['one', 'two', 'three']) await bench.call('PublishVersion', { FunctionName: 'bravo', Description });
    const all = ['alpha:$LATEST', 'bravo:$LATEST', 'bravo:1', 'bravo:2', 'bravo:3', 'charlie:$LATEST', 'delta:$LATEST'];
    for (const MaxItems of [1, 2, 3, 4, 5, 6, 7, 50]) {
      const pages = await namesOf(bench, { FunctionVersion: 'ALL', MaxItems });
      assert.deepEqual(pages.flat(), all, `pages of ${MaxItems}`);
      assert.ok(pages.every((page) => page.length <= MaxItems));
    }
  });
});

test('ListFunctions refuses a marker that it never gave', async () => {
  await withLambda(async ({ call }) => {
    for (const Marker of ['not a marker', Buffer.from('[1]').toString('base64'), Buffer.from('{}').toString('base64')]) {
      await assert.rejects(call('ListFunctions', { Marker }), { code: 'InvalidParameterValueException' });
    }
    await assert.rejects(call('ListFunctions', { MasterRegion: 'us-east-1' }), /MasterRegion/);
  });
});

test('ListFunctions sees one account and region', async () => {
  await withLambda(async ({ call }) => {
    await call('CreateFunction', helloFunction);
    assert.deepEqual((await call('ListFunctions', {}, { region: 'eu-west-1' })).Functions, []);
    assert.deepEqual((await call('ListFunctions', {}, { account: '111122223333' })).Functions, []);
  });
});
