import { describeDetails, describeUser } from '../describe.ts';
import { viewEntity } from '../onEntity.ts';
import { operation } from '../operation.ts';

const named = viewEntity({ action: 'GetUser', kind: 'user', nameOf: (input: { readonly UserName?: string | undefined }) => input.UserName }, async ({ row, call }) => ({
  User: { ...describeUser(call.account, row), ...describeDetails(row) },
}));

export const getUser = operation('GetUser', {
  access: named.access,
  handle(input, call, deps) {
    const { caller } = call;
    if (input.UserName !== undefined || caller.kind !== 'root') return named.handle(input, call, deps);
    // The root user is described without a name and path of its own; the date is the start of the account, which nobody records here.
    return { User: { Path: '/', UserName: undefined, UserId: caller.userId, Arn: caller.arn, CreateDate: new Date(0) } };
  },
});
