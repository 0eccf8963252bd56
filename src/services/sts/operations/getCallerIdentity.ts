import { operation } from '../operation.ts';
import { requireSigned } from '../requireSigned.ts';

export const getCallerIdentity = operation('GetCallerIdentity', {
  access: 'public',
  handle(_input, call) {
    const { account: Account, arn: Arn, userId: UserId } = requireSigned(call);
    return { UserId, Account, Arn };
  },
});
