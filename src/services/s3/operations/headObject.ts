import { withAnswer } from '../../../framework/answer.ts';
import { objectAccess } from '../access.ts';
import { keyToRead } from '../encryption.ts';
import { operation } from '../operation.ts';
import { answerMembers, findRequested, overrides } from './getObject.ts';

export const headObject = operation('HeadObject', {
  access: (input, call, deps) => objectAccess([input.VersionId === undefined ? 'GetObject' : 'GetObjectVersion'], input, call, deps),
  async handle(input, call, deps) {
    const found = await findRequested(input, call, deps);
    // Who does not have the customer's key is not told about the object either.
    if (found.row.encryption.kind === 'customer' || input.SSECustomerKey !== undefined) await keyToRead(deps, call, found.row.encryption, input);
    return withAnswer({ ...answerMembers(found, input, call), ...overrides(input) }, found.partial ? { status: 206 } : {});
  },
});
