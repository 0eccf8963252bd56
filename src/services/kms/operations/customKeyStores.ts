// Key stores outside KMS. There is no CloudHSM cluster and no external key store proxy that could be reached, so making one fails as it
// does in an account without them, and none is ever found.

import { errors } from '../errors.ts';
import { accountAccess, operation } from '../operation.ts';

export const createCustomKeyStore = operation('CreateCustomKeyStore', {
  access: accountAccess('CreateCustomKeyStore'),
  handle({ CustomKeyStoreType: type = 'AWS_CLOUDHSM', CloudHsmClusterId: cluster, XksProxyUriEndpoint: endpoint }) {
    if (type === 'AWS_CLOUDHSM') throw errors.noSuchCluster(cluster ?? '');
    throw errors.unreachableProxy(endpoint ?? '');
  },
});

export const describeCustomKeyStores = operation('DescribeCustomKeyStores', {
  access: accountAccess('DescribeCustomKeyStores'),
  handle({ CustomKeyStoreId: id, CustomKeyStoreName: name }) {
    const wanted = id ?? name;
    if (wanted !== undefined) throw errors.noSuchKeyStore(wanted);
    return { CustomKeyStores: [], Truncated: false };
  },
});

export const connectCustomKeyStore = operation('ConnectCustomKeyStore', {
  access: accountAccess('ConnectCustomKeyStore'),
  handle: ({ CustomKeyStoreId = '' }) => {
    throw errors.noSuchKeyStore(CustomKeyStoreId);
  },
});

export const disconnectCustomKeyStore = operation('DisconnectCustomKeyStore', {
  access: accountAccess('DisconnectCustomKeyStore'),
  handle: ({ CustomKeyStoreId = '' }) => {
    throw errors.noSuchKeyStore(CustomKeyStoreId);
  },
});

export const updateCustomKeyStore = operation('UpdateCustomKeyStore', {
  access: accountAccess('UpdateCustomKeyStore'),
  handle: ({ CustomKeyStoreId = '' }) => {
    throw errors.noSuchKeyStore(CustomKeyStoreId);
  },
});

export const deleteCustomKeyStore = operation('DeleteCustomKeyStore', {
  access: accountAccess('DeleteCustomKeyStore'),
  handle: ({ CustomKeyStoreId = '' }) => {
    throw errors.noSuchKeyStore(CustomKeyStoreId);
  },
});
