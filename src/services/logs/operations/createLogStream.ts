import { createStream } from '../createStream.ts';
import { invalidParameter, streamExists } from '../errors.ts';
import { streamNameBytesMax } from '../limits.ts';
import { groupAccess, operation, scopeOf } from '../operation.ts';
import { requireGroup, streams } from '../store.ts';

export const createLogStream = operation('CreateLogStream', {
  access: ({ logGroupName = '' }, call) => groupAccess('CreateLogStream', call, logGroupName),
  async handle({ logGroupName = '', logStreamName = '' }, call, { store, random }) {
    // DEVIATION: 512 characters that take more than 1,600 bytes are too long here (limits.ts, streamNameBytesMax).
    if (Buffer.byteLength(logStreamName) > streamNameBytesMax) {
      throw invalidParameter('Invalid LogGroup or LogStream, both must have length less than or equal to 512.');
    }
    const scope = scopeOf(call);
    await store.transact(async (tx) => {
      const group = await requireGroup(tx, scope, logGroupName);
      if (await streams.get(tx, scope, [group.id, logStreamName])) throw streamExists();
      await createStream(tx, { scope, groupId: group.id, streamName: logStreamName, nowMs: call.nowMs, random });
    });
    return {};
  },
});
