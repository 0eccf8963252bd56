import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../../base/clock.ts';
import { createSeededRandom } from '../../../base/random.ts';
import { openMemoryStore } from '../../../kv/drivers/memory/openMemoryStore.ts';
import { weakMode } from '../../../kv/weakMode.ts';
import { account, helloFunction, withLambda, zipOf } from '../testing/testLambda.ts';
import type { TestLambda } from '../testing/testLambda.ts';

const arn = `arn:aws:lambda:us-east-1:${account}:function:hello`;
const live = { FunctionName: 'hello', Name: 'live' };

/** The function with versions 1 and 2. */
async function publishTwo({ call }: TestLambda): Promise<void> {
  await call('CreateFunction', { ...helloFunction, Publish: true });
  await call('UpdateFunctionCode', { FunctionName: 'hello', ZipFile: zipOf({ 'index.mjs': '// two' }), Publish: true });
}

const withVersions = (run: (bench: TestLambda) => Promise<void>, overrides: Parameters<typeof withLambda>[1] = {}): Promise<void> =>
  withLambda(async (bench) => {
    await publishTwo(bench);
    await run(bench);
  }, overrides);

test('CreateAlias names a version, GetAlias answers the same, and a second of the name is a conflict', async () => {
  await withVersions(async ({ call }) => {
    const created = await call('CreateAlias', { ...live, FunctionVersion: '1', Description: 'what customers see' });
    const { RevisionId, ...rest } = created;
    assert.deepEqual(rest, { AliasArn: `${arn}:live`, Name: 'live', FunctionVersion: '1', Description: 'what customers see' });
    assert.match(RevisionId ?? '', /^[0-9a-f-]{36}$/);
    assert.deepEqual(await call('GetAlias', live), created);
    await assert.rejects(call('CreateAlias', { ...live, FunctionVersion: '2' }), {
      code: 'ResourceConflictException',
      message: `Alias already exists: ${arn}:live`,
    });
  });
});

test('CreateAlias needs the function and every version it names', async () => {
  await withVersions(async ({ call }) => {
    await assert.rejects(call('CreateAlias', { FunctionName: 'absent', Name: 'live', FunctionVersion: '1' }), /Function not found: .*:function:absent$/);
    await assert.rejects(call('CreateAlias', { ...live, FunctionVersion: '9' }), { code: 'ResourceNotFoundException', message: `Function not found: ${arn}:9` });
    const weights = { AdditionalVersionWeights: { '9': 0.5 } };
    await assert.rejects(call('CreateAlias', { ...live, FunctionVersion: '1', RoutingConfig: weights }), { message: `Function not found: ${arn}:9` });
  });
});

const refusedWeights = [
  { version: '$LATEST', weights: { '1': 0.1 }, message: '$LATEST is not supported for an alias pointing to more than 1 version' },
  { version: '1', weights: { '1': 0.1 }, message: 'Invalid function version 1. Function version 1 is already included in routing configuration.' },
  { version: '1', weights: { '1': 0.1, '2': 0.1 }, message: 'Number of items in AdditionalVersionWeights cannot be greater than 1' },
];
for (const { version, weights, message } of refusedWeights) {
  test(`CreateAlias refuses weights ${JSON.stringify(weights)} beside version ${version}`, async () => {
    await withVersions(async ({ call }) => {
      const refusal = { code: 'InvalidParameterValueException', message };
      await assert.rejects(call('CreateAlias', { ...live, FunctionVersion: version, RoutingConfig: { AdditionalVersionWeights: weights } }), refusal);
    });
  });
}

test('UpdateAlias changes what it names, gives a new revision, and checks the one the caller saw', async () => {
  await withVersions(async ({ call }) => {
    const first = await call('CreateAlias', { ...live, FunctionVersion: '1', Description: 'first' });
    const second = await call('UpdateAlias', { ...live, FunctionVersion: '2', RevisionId: first.RevisionId });
    assert.deepEqual([second.FunctionVersion, second.Description], ['2', 'first']);
    assert.notEqual(second.RevisionId, first.RevisionId);
    await assert.rejects(call('UpdateAlias', { ...live, FunctionVersion: '1', RevisionId: first.RevisionId }), { code: 'PreconditionFailedException' });
    await assert.rejects(call('UpdateAlias', { ...live, Name: 'absent' }), { code: 'ResourceNotFoundException', message: `Alias not found: ${arn}:absent` });
  });
});

test('UpdateAlias keeps the routing unless told, and an empty one ends it', async () => {
  await withVersions(async ({ call }) => {
    const RoutingConfig = { AdditionalVersionWeights: { '2': 0.25 } };
    assert.deepEqual((await call('CreateAlias', { ...live, FunctionVersion: '1', RoutingConfig })).RoutingConfig, RoutingConfig);
    assert.deepEqual((await call('UpdateAlias', { ...live, Description: 'canary' })).RoutingConfig, RoutingConfig);
    await assert.rejects(call('UpdateAlias', { ...live, FunctionVersion: '2' }), /already included in routing configuration/);
    await assert.rejects(call('UpdateAlias', { ...live, FunctionVersion: '$LATEST' }), /\$LATEST is not supported/);
    assert.equal((await call('UpdateAlias', { ...live, FunctionVersion: '2', RoutingConfig: {} })).RoutingConfig, undefined);
  });
});

test('GetAlias of a name that does not exist says which', async () => {
  await withVersions(async ({ call }) => {
    await assert.rejects(call('GetAlias', live), { code: 'ResourceNotFoundException', message: `Cannot find alias arn: ${arn}:live` });
    await assert.rejects(call('GetAlias', { ...live, FunctionName: 'absent' }), /Function not found/);
  });
});

test('DeleteAlias removes the alias and nothing else, and does not mind that there is none', async () => {
  await withVersions(async ({ call }) => {
    await call('CreateAlias', { ...live, FunctionVersion: '1' });
    await call('DeleteAlias', live);
    await call('DeleteAlias', live);
    await call('DeleteAlias', { ...live, FunctionName: 'absent' });
    await assert.rejects(call('Invoke', { FunctionName: 'hello', Qualifier: 'live', Payload: undefined }), { message: `Function not found: ${arn}:live` });
    assert.equal((await call('GetFunctionConfiguration', { FunctionName: 'hello', Qualifier: '1' })).Version, '1');
  });
});

test('ListAliases pages by name and picks those of one version', async () => {
  await withVersions(async ({ call }) => {
    for (const [Name, FunctionVersion] of [['a', '1'], ['b', '2'], ['c', '1'], ['d', '$LATEST']] as const) await call('CreateAlias', { ...live, Name, FunctionVersion });
    const namesOf = (page: { Aliases?: { Name?: string | undefined }[] | undefined }): (string | undefined)[] => (page.Aliases ?? []).map((alias) => alias.Name);
    const first = await call('ListAliases', { FunctionName: 'hello', MaxItems: 3 });
    assert.deepEqual(namesOf(first), ['a', 'b', 'c']);
    const second = await call('ListAliases', { FunctionName: 'hello', MaxItems: 3, Marker: first.NextMarker });
    assert.deepEqual([namesOf(second), second.NextMarker], [['d'], undefined]);
    const ofOne = await call('ListAliases', { FunctionName: 'hello', FunctionVersion: '1', MaxItems: 1 });
    assert.deepEqual(namesOf(ofOne), ['a']);
    assert.deepEqual(namesOf(await call('ListAliases', { FunctionName: 'hello', FunctionVersion: '1', MaxItems: 1, Marker: ofOne.NextMarker })), ['c']);
  });
});

test('Invoke through an alias runs its version and tells the function the ARN of the alias', async () => {
  await withVersions(async ({ call, sandbox }) => {
    await call('CreateAlias', { ...live, FunctionVersion: '1' });
    const invokedArns: string[] = [];
    sandbox.behaviour.invoke = (request) => {
      invokedArns.push(request.invokedFunctionArn);
      return { kind: 'response', payload: request.event };
    };
    for (const input of [{ FunctionName: 'hello', Qualifier: 'live' }, { FunctionName: 'hello:live' }, { FunctionName: `${arn}:live` }]) {
      assert.equal((await call('Invoke', { ...input, Payload: undefined })).ExecutedVersion, '1');
    }
    assert.deepEqual(invokedArns, [`${arn}:live`, `${arn}:live`, `${arn}:live`]);
    const configuration = await call('GetFunctionConfiguration', { FunctionName: 'hello', Qualifier: 'live' });
    assert.deepEqual([configuration.FunctionArn, configuration.Version], [`${arn}:live`, '1']);
  });
});

test('Invoke through a weighted alias divides invocations by the random fraction', async () => {
  let fraction = 0;
  const random = { ...createSeededRandom(1), fraction: () => fraction };
  await withVersions(async ({ call }) => {
    await call('CreateAlias', { ...live, FunctionVersion: '1', RoutingConfig: { AdditionalVersionWeights: { '2': 0.25 } } });
    const versionAt = async (value: number): Promise<string | undefined> => {
      fraction = value;
      return (await call('Invoke', { FunctionName: 'hello', Qualifier: 'live', Payload: undefined })).ExecutedVersion;
    };
    assert.deepEqual([await versionAt(0), await versionAt(0.2499), await versionAt(0.25), await versionAt(0.9999)], ['2', '2', '1', '1']);
  }, { random });
});

test('DeleteFunction keeps a version that an alias uses, by weight too, and refuses the name of an alias', async () => {
  await withVersions(async ({ call }) => {
    await call('CreateAlias', { ...live, FunctionVersion: '1', RoutingConfig: { AdditionalVersionWeights: { '2': 0.5 } } });
    await call('CreateAlias', { ...live, Name: 'old', FunctionVersion: '1' });
    const inUse = (names: string) => ({ code: 'ResourceConflictException', message: `Unable to delete version because the following aliases reference it: [${names}]` });
    await assert.rejects(call('DeleteFunction', { FunctionName: 'hello', Qualifier: '1' }), inUse('live, old'));
    await assert.rejects(call('DeleteFunction', { FunctionName: 'hello', Qualifier: '2' }), inUse('live'));
    await assert.rejects(call('DeleteFunction', { FunctionName: 'hello:live' }), /^ServiceError: Deletion of aliases is not currently supported\.$/);
    await call('DeleteFunction', { FunctionName: 'hello' });
    await call('CreateFunction', helloFunction);
    assert.deepEqual((await call('ListAliases', { FunctionName: 'hello' })).Aliases, []);
  });
});

test('Operations on whole functions refuse the name of an alias', async () => {
  await withVersions(async ({ call }) => {
    await call('CreateAlias', { ...live, FunctionVersion: '1' });
    const refusal = { code: 'InvalidParameterValueException', message: /^This operation is permitted on Lambda functions only\./ };
    await assert.rejects(call('UpdateFunctionConfiguration', { FunctionName: 'hello:live', Timeout: 5 }), refusal);
    await assert.rejects(call('CreateAlias', { FunctionName: 'hello:live', Name: 'other', FunctionVersion: '1' }), refusal);
    await assert.rejects(call('PutFunctionConcurrency', { FunctionName: 'hello:live', ReservedConcurrentExecutions: 1 }), refusal);
  });
});

for (const seed of [1, 2, 3]) {
  test(`An alias never names a version that is gone, whoever is first (weak mode, seed ${seed})`, async () => {
    const random = createSeededRandom(seed);
    const store = weakMode(openMemoryStore({ clock: createFakeClock(), random }), random);
    await withVersions(async ({ call }) => {
      for (let round = 0; round < 6; round += 1) {
        const Name = `a${round}`;
        const { Version = '' } = await call('UpdateFunctionCode', { FunctionName: 'hello', ZipFile: zipOf({ 'index.mjs': `// ${round}` }), Publish: true });
        const [created, deleted] = await Promise.allSettled([
          call('CreateAlias', { FunctionName: 'hello', Name, FunctionVersion: Version }),
          call('DeleteFunction', { FunctionName: 'hello', Qualifier: Version }),
        ]);
        assert.notEqual(created.status, deleted.status, `round ${round}: ${created.status}, ${deleted.status}`);
      }
    }, { store });
  });
}
