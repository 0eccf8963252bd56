import { formatListToken, parseListToken } from '../domain/tokens.ts';
import { retentionStartMs } from '../domain/putEvents.ts';
import { formatPosition } from '../domain/position.ts';
import { invalidParameter } from '../errors.ts';
import { describeItemsDefault } from '../limits.ts';
import { groupAccess, groupNameOf, operation, scopeOf, streamArn } from '../operation.ts';
import { listStreams, listStreamsByTime, requireGroup } from '../store.ts';
import type { NamedStream } from '../store.ts';
import type { Scope } from '../../../kv/table.ts';

export const describeLogStreams = operation('DescribeLogStreams', {
  access: (input, call) => groupAccess('DescribeLogStreams', call, groupNameOf(input, call)),
  async handle(input, call, { store }) {
    const { logStreamNamePrefix: prefix, orderBy = 'LogStreamName', descending = false, nextToken, limit = describeItemsDefault } = input;
    const byTime = orderBy === 'LastEventTime';
    if (byTime && prefix !== undefined) throw invalidParameter('Cannot order by LastEventTime with a logStreamNamePrefix.');
    const scope = scopeOf(call);
    const groupName = groupNameOf(input, call);
    return store.read(async (tx) => {
      const group = await requireGroup(tx, scope, groupName);
      const token = nextToken === undefined ? undefined : parseListToken('streams', nextToken, ['string', 'number', 'string']);
      const [, atMs = 0, after] = token ?? [];
      const options = { limit: limit + 1, reverse: descending, ...(prefix === undefined ? {} : { prefix }) };
      const listed = byTime
        ? await listStreamsByTime(tx, scope, group.id, { ...options, ...(token ? { after: [Number(atMs), String(after)] as const } : {}) })
        : await listStreams(tx, scope, group.id, { ...options, ...(token ? { after: String(after) } : {}) });
      const found = listed.slice(0, limit);
      const last = found.at(-1);
      const startMs = retentionStartMs(call.nowMs, group.retentionDays);
      return {
        logStreams: found.map((named) => describe(scope, groupName, named, startMs)),
        ...(listed.length > limit && last
          ? { nextToken: formatListToken('streams', [orderBy, last.stream.lastEventMs ?? 0, last.name]) }
          : {}),
      };
    });
  },
});

function describe(scope: Scope, groupName: string, { name, stream }: NamedStream, retentionStart: number) {
  const { firstEventMs, lastEventMs, lastIngestedMs, createdAtMs } = stream;
  return {
    logStreamName: name,
    creationTime: createdAtMs,
    ...(firstEventMs === undefined ? {} : { firstEventTimestamp: Math.max(firstEventMs, retentionStart) }),
    ...(lastEventMs === undefined ? {} : { lastEventTimestamp: lastEventMs }),
    ...(lastIngestedMs === undefined ? {} : { lastIngestionTime: lastIngestedMs }),
    ...(lastIngestedMs === undefined
      ? {}
      : { uploadSequenceToken: formatPosition({ timestampMs: lastIngestedMs, streamId: stream.id, sequence: stream.nextSequence, index: 0 }) }),
    arn: streamArn(scope, groupName, name),
    // "As of June 17, 2019, this parameter … is always reported as zero."
    storedBytes: 0,
  };
}
