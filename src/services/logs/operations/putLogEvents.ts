import { checkBatch } from '../domain/putEvents.ts';
import { formatPosition } from '../domain/position.ts';
import { operation, scopeOf, streamAccess } from '../operation.ts';
import { takeEvents } from '../following.ts';
import { requireGroup, requireStream } from '../store.ts';

// `sequenceToken` is ignored, as documented: "PutLogEvents actions are always accepted … even if the sequence token is not
// valid". What was answered is durable.
export const putLogEvents = operation('PutLogEvents', {
  access: ({ logGroupName = '', logStreamName = '' }, call) => streamAccess('PutLogEvents', call, logGroupName, logStreamName),
  async handle({ logGroupName = '', logStreamName = '', logEvents = [], entity }, call, { store, wall, following }) {
    const scope = scopeOf(call);
    const { nowMs } = call;
    const events = logEvents.map(({ timestamp = 0, message = '' }) => ({ timestampMs: timestamp, message }));
    return store.transact(async (tx) => {
      const group = await requireGroup(tx, scope, logGroupName);
      const stream = await requireStream(tx, scope, group.id, logStreamName);
      const { accepted, rejected } = checkBatch(events, nowMs, group.retentionDays);
      const target = { scope, groupName: logGroupName, group, streamName: logStreamName, stream };
      const updated = await takeEvents(tx, following, { ...target, events: accepted, nowMs, wallMs: wall.now() });
      return {
        nextSequenceToken: formatPosition({ timestampMs: nowMs, streamId: updated.id, sequence: updated.nextSequence, index: 0 }),
        ...(rejected ? { rejectedLogEventsInfo: rejected } : {}),
        // Events go in without their entity, and the answer says so, as for a group that cannot have entities.
        ...(entity ? { rejectedEntityInfo: { errorType: 'UnsupportedLogGroupType' as const } } : {}),
      };
    });
  },
});
