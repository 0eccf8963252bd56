// Whether a function may be part of a loop. https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
import type { FunctionRow } from '../store.ts';
import { accessTo, requireFunction, wholeFunctionOf } from '../lookup.ts';
import { operation } from '../operation.ts';
import { setFunction } from '../store.ts';

const putFunctionRecursionConfig = operation('PutFunctionRecursionConfig', {
  access: accessTo('lambda:PutFunctionRecursionConfig'),
  async handle(input, call, { store }) {
    const reference = wholeFunctionOf(input, call);
    const row = await store.transact(async (tx) => {
      const { allowsRecursion: _old, ...rest } = await requireFunction(tx, reference);
      const next: FunctionRow = input.RecursiveLoop === 'Allow' ? { ...rest, allowsRecursion: true } : rest;
      setFunction(tx, reference, next);
      return next;
    });
    return describe(row);
  },
});

const getFunctionRecursionConfig = operation('GetFunctionRecursionConfig', {
  access: accessTo('lambda:GetFunctionRecursionConfig'),
  async handle(input, call, { store }) {
    const reference = wholeFunctionOf(input, call);
    return describe(await store.read((tx) => requireFunction(tx, reference)));
  },
});

const describe = ({ allowsRecursion }: FunctionRow): { RecursiveLoop: 'Allow' | 'Terminate' } => ({ RecursiveLoop: allowsRecursion === true ? 'Allow' : 'Terminate' });

/** PutFunctionRecursionConfig and GetFunctionRecursionConfig. */
export const recursionConfigOperations = {
  PutFunctionRecursionConfig: putFunctionRecursionConfig,
  GetFunctionRecursionConfig: getFunctionRecursionConfig,
};
