import { createMatcher } from '../domain/filter-pattern/matcher.ts';
import { formatPosition } from '../domain/position.ts';
import { retentionStartMs } from '../domain/putEvents.ts';
import { formatFilterToken, parseFilterToken } from '../domain/tokens.ts';
import { invalidParameter, unsupported } from '../errors.ts';
import { filterBackwardsSinceMs, pageBytesMax, pageEventsMax } from '../limits.ts';
import { groupAccess, groupNameOf, operation, scopeOf } from '../operation.ts';
import { readPage } from '../reading.ts';
import type { EventQuery } from '../reading.ts';
import { requireGroup } from '../store.ts';
import { createStreamNames } from '../streamNames.ts';
import type { StreamNames } from '../streamNames.ts';

// `interleaved` is ignored, as documented: "As of June 17, 2019, this parameter is ignored and the value is assumed to be true."
export const filterLogEvents = operation('FilterLogEvents', {
  access: (input, call) => groupAccess('FilterLogEvents', call, groupNameOf(input, call)),
  async handle(input, call, { store }) {
    const { logStreamNames, logStreamNamePrefix, startTime = 0, endTime, filterPattern = '', nextToken, limit, startFromHead = true } = input;
    if (input.unmask === true) throw unsupported('unmask');
    if (logStreamNames && logStreamNamePrefix !== undefined) {
      throw invalidParameter('LogStream names and LogStream name prefix are mutually exclusive parameters.');
    }
    if (!startFromHead && startTime < filterBackwardsSinceMs) {
      throw invalidParameter('startFromHead can be false only when startTime is on or after January 1, 2024 00:00:00 UTC.');
    }
    const matcher = createMatcher(filterPattern);
    const scope = scopeOf(call);
    return store.read(async (tx) => {
      const group = await requireGroup(tx, scope, groupNameOf(input, call));
      const token = nextToken === undefined ? undefined : parseFilterToken(group.id, nextToken);
      const names = createStreamNames(tx, scope, group.id);
      const query: EventQuery = {
        scope,
        groupId: group.id,
        source: await sourceOf(names, logStreamNames, logStreamNamePrefix),
        fromMs: Math.max(startTime, retentionStartMs(call.nowMs, group.retentionDays)),
        // "Events with a timestamp later than this time are not returned": here the end is included, unlike in GetLogEvents.
        beforeMs: endTime === undefined ? Infinity : endTime + 1,
        after: token?.position,
        reverse: token ? token.reverse : !startFromHead,
      };
      const page = await readPage(tx, query, { events: limit ?? pageEventsMax, bytes: pageBytesMax }, matcher.accepts);
      return {
        events: await Promise.all(
          page.events.map(async ({ position, message, ingestedAtMs }) => ({
            logStreamName: await names.find(position.streamId),
            timestamp: position.timestampMs,
            message,
            ingestionTime: ingestedAtMs,
            eventId: formatPosition(position),
          })),
        ),
        // "As of May 15, 2020, this parameter … returns an empty list."
        searchedLogStreams: [],
        ...(page.resume ? { nextToken: formatFilterToken(group.id, query.reverse, page.resume) } : {}),
      };
    });
  },
});

async function sourceOf(names: StreamNames, wanted: string[] | undefined, prefix: string | undefined): Promise<EventQuery['source']> {
  if (wanted) {
    const ids = await Promise.all(wanted.map((name) => names.requireId(name)));
    const [only] = ids;
    if (only !== undefined && ids.length === 1) return { streamId: only };
    return { wants: async (streamId) => ids.includes(streamId) };
  }
  return {
    async wants(streamId) {
      const name = await names.find(streamId);
      return name !== undefined && (prefix === undefined || name.startsWith(prefix));
    },
  };
}
