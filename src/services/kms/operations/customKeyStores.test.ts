import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestKms } from '../testKms.ts';

test('createCustomKeyStore, and all that needs one, finds nothing to reach', async () => {
  const { run } = createTestKms();
  await assert.rejects(run('CreateCustomKeyStore', { CustomKeyStoreName: 'x', CloudHsmClusterId: 'cluster-1234567890a' }), { code: 'CloudHsmClusterNotFoundException' });
  await assert.rejects(run('CreateCustomKeyStore', { CustomKeyStoreName: 'x', CustomKeyStoreType: 'EXTERNAL_KEY_STORE' }), { code: 'XksProxyUriUnreachableException' });
  assert.deepEqual(await run('DescribeCustomKeyStores', {}), { CustomKeyStores: [], Truncated: false });
  await assert.rejects(run('DescribeCustomKeyStores', { CustomKeyStoreId: 'cks-1' }), { code: 'CustomKeyStoreNotFoundException' });
  for (const name of ['ConnectCustomKeyStore', 'DisconnectCustomKeyStore', 'UpdateCustomKeyStore', 'DeleteCustomKeyStore'] as const) {
    await assert.rejects(run(name, { CustomKeyStoreId: 'cks-1' }), { code: 'CustomKeyStoreNotFoundException' });
  }
});
