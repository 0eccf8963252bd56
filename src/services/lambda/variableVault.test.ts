import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '../../base/errors.ts';
import { createSeededRandom } from '../../base/random.ts';
import { createFakeEncryption } from '../../framework/testing/fakeEncryption.ts';
import { openVariables } from './domain/seal.ts';
import { findFunction } from './store.ts';
import { account, helloFunction, region, withLambda } from './testing/testLambda.ts';

const place = { account, region };
const keyOne = `arn:aws:kms:${region}:${account}:key/one`;
const keyTwo = `arn:aws:kms:${region}:${account}:key/two`;
const functionArn = `arn:aws:lambda:${region}:${account}:function:hello`;
const Environment = { Variables: { PASSWORD: 'hunter2hunter2' } };

function twoKeys() {
  const encryption = createFakeEncryption();
  encryption.keys.add(keyOne).add(keyTwo);
  return encryption;
}

test('seal encrypts with a data key of the KMS key, in the name of who asks', async () => {
  const encryption = twoKeys();
  const sealKey = createSeededRandom(5).bytes(32);
  await withLambda(
    async ({ call, store }) => {
      const created = await call('CreateFunction', { ...helloFunction, KMSKeyArn: keyOne, Environment });
      assert.deepEqual([created.KMSKeyArn, created.Environment], [keyOne, Environment]);
      const [first] = encryption.uses;
      assert.deepEqual([first?.use, first?.keyId, first?.context, first?.user.service], ['encrypt', keyOne, { 'aws:lambda:FunctionArn': functionArn }, 'lambda']);
      assert.ok(first?.user.authorise && first.user.caller);
      const sealed = (await store.read((tx) => findFunction(tx, place, 'hello')))?.latest.sealedVariables;
      assert.ok(sealed);
      assert.equal(Buffer.from(sealed).includes('hunter2'), false);
      assert.throws(() => openVariables(sealed, functionArn, sealKey), /cannot be decrypted/);
    },
    { encryption, sealKey },
  );
});

test('open uses the key once for each environment, in nobody\'s name, and in the words of Invoke when it may not', async () => {
  const encryption = twoKeys();
  await withLambda(
    async ({ call, sandbox }) => {
      await call('CreateFunction', { ...helloFunction, KMSKeyArn: keyOne, Environment });
      encryption.uses.length = 0;
      for (let i = 0; i < 3; i += 1) await call('Invoke', { FunctionName: 'hello', Payload: undefined });
      assert.deepEqual(encryption.uses.map(({ use, user }) => [use, user.authorise]), [['decrypt', undefined]]);
      assert.equal(sandbox.started[0]?.spec.variables.PASSWORD, 'hunter2hunter2');
      encryption.denied.add(keyOne);
      assert.equal((await call('Invoke', { FunctionName: 'hello', Payload: undefined })).FunctionError, undefined);
      await call('UpdateFunctionConfiguration', { FunctionName: 'hello', Timeout: 7 });
      const invocation = call('Invoke', { FunctionName: 'hello', Payload: undefined });
      await assert.rejects(invocation, { code: 'KMSAccessDeniedException', status: 502, message: /^Lambda was unable to decrypt the environment variables because KMS access was denied\. .*KMS Exception: AccessDeniedExceptionKMS Message: / });
      encryption.denied.clear();
      assert.equal((await call('Invoke', { FunctionName: 'hello', Payload: undefined })).FunctionError, undefined);
    },
    { encryption },
  );
});

test('open names each state of the key as Lambda does', async () => {
  const names = { DisabledException: 'KMSDisabledException', KMSInvalidStateException: 'KMSInvalidStateException', NotFoundException: 'KMSNotFoundException', InvalidCiphertextException: 'KMSAccessDeniedException' };
  for (const [kmsCode, code] of Object.entries(names)) {
    const encryption = { ...twoKeys(), decrypt: async () => Promise.reject(new ServiceError(kmsCode, 'reason')) };
    await withLambda(
      async ({ call }) => {
        await call('CreateFunction', { ...helloFunction, KMSKeyArn: keyOne, Environment });
        await assert.rejects(call('Invoke', { FunctionName: 'hello', Payload: undefined }), { code, status: 502 });
      },
      { encryption },
    );
  }
});

test('show tells why the variables are not shown, in single answers and in lists', async () => {
  const encryption = twoKeys();
  await withLambda(
    async ({ call }) => {
      await call('CreateFunction', { ...helloFunction, KMSKeyArn: keyOne, Environment, Publish: true });
      await call('CreateFunction', { ...helloFunction, FunctionName: 'plain', Environment });
      encryption.denied.add(keyOne);
      const { Functions } = await call('ListFunctions', {});
      const { Versions } = await call('ListVersionsByFunction', { FunctionName: 'hello' });
      const one = await call('GetFunctionConfiguration', { FunctionName: 'hello' });
      const whole = await call('GetFunction', { FunctionName: 'hello' });
      for (const { Environment: shown, KMSKeyArn } of [Functions?.[0] ?? {}, ...(Versions ?? []), one, whole.Configuration ?? {}]) {
        assert.deepEqual([KMSKeyArn, shown?.Variables, shown?.Error?.ErrorCode], [keyOne, undefined, 'AccessDeniedException']);
        assert.match(shown?.Error?.Message ?? '', /^Lambda was unable to decrypt your environment variables because the KMS access was denied\. Please check your KMS permissions\. KMS Exception: /);
      }
      assert.deepEqual([Functions?.[1]?.Environment, Functions?.[1]?.KMSKeyArn, Versions?.length], [Environment, undefined, 2]);
    },
    { encryption },
  );
});

test('UpdateFunctionConfiguration moves variables to another key, gives them new values under the same one, and takes the key away', async () => {
  const encryption = twoKeys();
  await withLambda(
    async ({ call }) => {
      const update = (change: object) => call('UpdateFunctionConfiguration', { FunctionName: 'hello', ...change });
      const usesOf = async (change: object): Promise<unknown> => {
        encryption.uses.length = 0;
        const { KMSKeyArn, Environment: shown } = await update(change);
        return [KMSKeyArn, shown?.Variables, encryption.uses.map(({ use, keyId }) => `${use} ${keyId.slice(-3)}`)];
      };
      await call('CreateFunction', { ...helloFunction, Environment });
      const old = Environment.Variables;
      assert.deepEqual(await usesOf({ KMSKeyArn: keyOne }), [keyOne, old, ['encrypt one', 'decrypt one']]);
      assert.deepEqual(await usesOf({ KMSKeyArn: keyTwo }), [keyTwo, old, ['decrypt one', 'encrypt two', 'decrypt two']]);
      assert.deepEqual(await usesOf({ Environment: { Variables: { A: 'b' } } }), [keyTwo, { A: 'b' }, ['encrypt two', 'decrypt two']]);
      assert.deepEqual(await usesOf({ KMSKeyArn: '' }), [undefined, { A: 'b' }, ['decrypt two']]);
      assert.deepEqual(await usesOf({ Timeout: 4 }), [undefined, { A: 'b' }, []]);
      await update({ KMSKeyArn: keyOne });
      encryption.denied.add(keyOne);
      await assert.rejects(update({ KMSKeyArn: '' }), { code: 'InvalidParameterValueException' });
      assert.deepEqual(await usesOf({ KMSKeyArn: '', Environment }), [undefined, old, []]);
    },
    { encryption },
  );
});

test('seal refuses a key that is not there, an alias, and one for no variables at all', async () => {
  const encryption = twoKeys();
  await withLambda(
    async ({ call }) => {
      const refused = (KMSKeyArn: string, message: RegExp) => assert.rejects(call('CreateFunction', { ...helloFunction, KMSKeyArn }), { code: 'InvalidParameterValueException', message });
      await refused(`${keyOne}x`, /because the KMS key is invalid for CreateGrant\. Please check your KMS key settings\. KMS Exception: NotFoundException KMS Message: /);
      await refused(`arn:aws:kms:${region}:${account}:alias/mine`, /KMS Exception: InvalidArnException KMS Message: Key Aliases are not supported for this operation\.$/);
      encryption.denied.add(keyOne);
      await refused(keyOne, /KMS Exception: AccessDeniedException KMS Message: /);
      const { KMSKeyArn, Environment: shown } = await call('CreateFunction', { ...helloFunction, KMSKeyArn: keyTwo });
      assert.deepEqual([KMSKeyArn, shown], [keyTwo, undefined]);
      const { Environment: later } = await call('UpdateFunctionConfiguration', { FunctionName: 'hello', Environment });
      assert.deepEqual([later, encryption.uses.at(-1)?.keyId], [Environment, keyTwo]);
    },
    { encryption },
  );
});

test('fingerprint lets PublishVersion see equal variables without the key, and different ones', async () => {
  const encryption = twoKeys();
  await withLambda(
    async ({ call }) => {
      const publish = async (): Promise<string | undefined> => (await call('PublishVersion', { FunctionName: 'hello' })).Version;
      await call('CreateFunction', { ...helloFunction, KMSKeyArn: keyOne, Environment });
      assert.equal(await publish(), '1');
      await call('UpdateFunctionConfiguration', { FunctionName: 'hello', Environment });
      encryption.denied.add(keyOne);
      assert.equal(await publish(), '1');
      encryption.denied.clear();
      await call('UpdateFunctionConfiguration', { FunctionName: 'hello', Environment: { Variables: { PASSWORD: 'another' } } });
      assert.equal(await publish(), '2');
      await call('UpdateFunctionConfiguration', { FunctionName: 'hello', KMSKeyArn: keyTwo });
      assert.equal(await publish(), '3');
    },
    { encryption },
  );
});

test('UpdateFunctionConfiguration refuses what another change has overtaken while KMS was asked', async () => {
  const encryption = twoKeys();
  let meanwhile = async (): Promise<unknown> => undefined;
  const slow = {
    ...encryption,
    async encrypt(request: Parameters<typeof encryption.encrypt>[0]) {
      const interrupt = meanwhile;
      meanwhile = async () => undefined;
      await interrupt();
      return encryption.encrypt(request);
    },
  };
  await withLambda(
    async ({ call }) => {
      await call('CreateFunction', { ...helloFunction, Environment });
      meanwhile = () => call('UpdateFunctionConfiguration', { FunctionName: 'hello', Environment: { Variables: { A: 'new' } } });
      await assert.rejects(call('UpdateFunctionConfiguration', { FunctionName: 'hello', KMSKeyArn: keyOne }), { code: 'ResourceConflictException', status: 409, message: /An update is in progress for resource: arn:aws:lambda:.*:hello$/ });
      const { Environment: shown, KMSKeyArn } = await call('GetFunctionConfiguration', { FunctionName: 'hello' });
      assert.deepEqual([shown, KMSKeyArn], [{ Variables: { A: 'new' } }, undefined]);
    },
    { encryption: slow },
  );
});
