import assert from 'node:assert/strict';
import { test } from 'node:test';
import { helloFunction, withLambda } from '../testing/testLambda.ts';

test('ListVersionsByFunction answers $LATEST and then the numbers, in pages', async () => {
  await withLambda(async ({ call }) => {
    await call('CreateFunction', helloFunction);
    for (const Description of ['a', 'b', 'c']) await call('PublishVersion', { FunctionName: 'hello', Description });
    for (const MaxItems of [1, 2, 3, 4, 50]) {
      const seen: (string | undefined)[] = [];
      let Marker: string | undefined;
      do {
        const page = await call('ListVersionsByFunction', { FunctionName: 'hello', MaxItems, ...(Marker === undefined ? {} : { Marker }) });
        seen.push(...(page.Versions ?? []).map((item) => item.FunctionArn?.split(':').at(-1)));
        Marker = page.NextMarker;
      } while (Marker !== undefined);
      assert.deepEqual(seen, ['$LATEST', '1', '2', '3'], `pages of ${MaxItems}`);
    }
  });
});

test('ListVersionsByFunction of an absent function is not found', async () => {
  await withLambda(async ({ call }) => {
    await assert.rejects(call('ListVersionsByFunction', { FunctionName: 'absent' }), { code: 'ResourceNotFoundException' });
  });
});
