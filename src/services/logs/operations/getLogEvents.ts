import { positionBefore } from '../domain/position.ts';
import { retentionStartMs } from '../domain/putEvents.ts';
import { formatStreamToken, parseStreamToken } from '../domain/tokens.ts';
import { unsupported } from '../errors.ts';
import { pageBytesMax, pageEventsMax } from '../limits.ts';
import { groupNameOf, operation, scopeOf, streamAccess } from '../operation.ts';
import { readPage } from '../reading.ts';
import { requireGroup, requireStream } from '../store.ts';

export const getLogEvents = operation('GetLogEvents', {
  access: (input, call) => streamAccess('GetLogEvents', call, groupNameOf(input, call), input.logStreamName ?? ''),
  async handle(input, call, { store }) {
    const { logStreamName = '', startTime = 0, endTime = Infinity, nextToken, limit, startFromHead = false } = input;
    if (input.unmask === true) throw unsupported('unmask');
    const scope = scopeOf(call);
    const token = nextToken === undefined ? undefined : parseStreamToken(nextToken);
    // A token has its direction in itself; `startFromHead` matters for the first page only.
    const reverse = token ? token.reverse : !startFromHead;
    return store.read(async (tx) => {
      const group = await requireGroup(tx, scope, groupNameOf(input, call));
      const stream = await requireStream(tx, scope, group.id, logStreamName);
      const fromMs = Math.max(startTime, retentionStartMs(call.nowMs, group.retentionDays));
      const { events: found } = await readPage(
        tx,
        { scope, groupId: group.id, source: { streamId: stream.id }, fromMs, beforeMs: endTime, after: token?.position, reverse },
        { events: limit ?? pageEventsMax, bytes: pageBytesMax },
        () => true,
      );
      const events = reverse ? found.toReversed() : found;
      // At the end of the stream the token that came in is answered again (API reference, GetLogEvents).
      const end = token?.position ?? positionBefore(startTime);
      return {
        events: events.map(({ position, message, ingestedAtMs }) => ({ timestamp: position.timestampMs, message, ingestionTime: ingestedAtMs })),
        nextForwardToken: formatStreamToken('f', events.at(-1)?.position ?? end),
        nextBackwardToken: formatStreamToken('b', events[0]?.position ?? end),
      };
    });
  },
});
