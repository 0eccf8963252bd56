import { setShares } from '../environments/provisionedStore.ts';
import { errors } from '../errors.ts';
import { unreservedConcurrencyMin } from '../limits.ts';
import { accessTo, requireFunction, wholeFunctionOf } from '../lookup.ts';
import { operation } from '../operation.ts';

const putFunctionConcurrency = operation('PutFunctionConcurrency', {
  access: accessTo('lambda:PutFunctionConcurrency'),
  async handle(input, call, { store, accountConcurrency }) {
    const reference = wholeFunctionOf(input, call);
    const wanted = input.ReservedConcurrentExecutions ?? 0;
    await store.transact(async (tx) => {
      const row = await requireFunction(tx, reference);
      const { provisionedConcurrency = 0 } = row;
      if (wanted < provisionedConcurrency) {
        throw errors.invalidParameter(
          ` ReservedConcurrentExecutions  ${wanted} should not be lower than function's total provisioned concurrency [${provisionedConcurrency}].`,
        );
      }
      const { usage } = await setShares(tx, reference, row, { ...row, reservedConcurrency: wanted });
      // Less than before is always allowed, also where the account's limit has been lowered meanwhile.
      if (usage.reservedConcurrency > Math.max(0, accountConcurrency - unreservedConcurrencyMin) && wanted > (row.reservedConcurrency ?? 0)) {
        throw errors.invalidParameter(
          `Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [${unreservedConcurrencyMin}].`,
        );
      }
    });
    return { ReservedConcurrentExecutions: wanted };
  },
});

const getFunctionConcurrency = operation('GetFunctionConcurrency', {
  access: accessTo('lambda:GetFunctionConcurrency'),
  async handle(input, call, { store }) {
    const reference = wholeFunctionOf(input, call);
    const row = await store.read((tx) => requireFunction(tx, reference));
    return row.reservedConcurrency === undefined ? {} : { ReservedConcurrentExecutions: row.reservedConcurrency };
  },
});

const deleteFunctionConcurrency = operation('DeleteFunctionConcurrency', {
  access: accessTo('lambda:DeleteFunctionConcurrency'),
  async handle(input, call, { store }) {
    const reference = wholeFunctionOf(input, call);
    await store.transact(async (tx) => {
      const old = await requireFunction(tx, reference);
      const { reservedConcurrency: _ended, ...row } = old;
      await setShares(tx, reference, old, row);
    });
    return {};
  },
});

/** Reserved concurrency: how many invocations of a function may run at once, and are kept free for it. */
export const concurrencyOperations = {
  PutFunctionConcurrency: putFunctionConcurrency,
  GetFunctionConcurrency: getFunctionConcurrency,
  DeleteFunctionConcurrency: deleteFunctionConcurrency,
};
