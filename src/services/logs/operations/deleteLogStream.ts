import { ServiceError } from '../../../base/errors.ts';
import { operation, scopeOf, streamAccess } from '../operation.ts';
import { clearStream, requireGroup, requireStream } from '../store.ts';

export const deleteLogStream = operation('DeleteLogStream', {
  access: ({ logGroupName = '', logStreamName = '' }, call) => streamAccess('DeleteLogStream', call, logGroupName, logStreamName),
  async handle({ logGroupName = '', logStreamName = '' }, call, { store }) {
    const scope = scopeOf(call);
    await store.transact(async (tx) => {
      const group = await requireGroup(tx, scope, logGroupName);
      const stream = await requireStream(tx, scope, group.id, logStreamName);
      // Protection "blocks all deletion operations" (API reference, PutLogGroupDeletionProtection).
      if (group.deletionProtected) {
        throw new ServiceError('ValidationException', 'The specified log group has deletion protection enabled and cannot be deleted.');
      }
      clearStream(tx, scope, group.id, logStreamName, stream);
    });
    return {};
  },
});
