import { codeStorageBytesMax, unzippedBytesMax, zippedBytesMax } from '../limits.ts';
import { operation } from '../operation.ts';
import { readUsage } from '../store.ts';

export const getAccountSettings = operation('GetAccountSettings', {
  access: () => ({ action: 'lambda:GetAccountSettings', resource: '*' }),
  async handle(_input, call, { store, accountConcurrency }) {
    const usage = await store.read((tx) => readUsage(tx, { account: call.account, region: call.region }));
    return {
      AccountLimit: {
        TotalCodeSize: codeStorageBytesMax,
        CodeSizeUnzipped: unzippedBytesMax,
        CodeSizeZipped: zippedBytesMax,
        ConcurrentExecutions: accountConcurrency,
        UnreservedConcurrentExecutions: accountConcurrency - usage.reservedConcurrency,
      },
      AccountUsage: { TotalCodeSize: usage.codeBytes, FunctionCount: usage.functions },
    };
  },
});
