import { errors } from '../errors.ts';
import { concurrentExecutionsMax, unreservedConcurrencyMin } from '../limits.ts';
import { accessTo, requireFunction, wholeFunctionOf } from '../lookup.ts';
import { operation } from '../operation.ts';
import { addUsage, setFunction } from '../store.ts';

const putFunctionConcurrency = operation('PutFunctionConcurrency', {
  access: accessTo('lambda:PutFunctionConcurrency'),
  async handle(input, call, { store }) {
    const reference = wholeFunctionOf(input, call);
    const wanted = input.ReservedConcurrentExecutions ?? 0;
    await store.transact(async (tx) => {
      const row = await requireFunction(tx, reference);
      const { reservedConcurrency } = await addUsage(tx, reference, { reservedConcurrency: wanted - (row.reservedConcurrency ?? 0) });
      if (reservedConcurrency > concurrentExecutionsMax - unreservedConcurrencyMin) {
        throw errors.invalidParameter(
          `Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [${unreservedConcurrencyMin}].`,
        );
      }
      setFunction(tx, reference, { ...row, reservedConcurrency: wanted });
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
      const { reservedConcurrency, ...row } = await requireFunction(tx, reference);
      await addUsage(tx, reference, { reservedConcurrency: -(reservedConcurrency ?? 0) });
      setFunction(tx, reference, row);
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
