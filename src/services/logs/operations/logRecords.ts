import type { Call } from '../../../framework/context.ts';
import { epochMs } from '../domain/epoch.ts';
import { formatPosition, parsePosition } from '../domain/position.ts';
import type { Position } from '../domain/position.ts';
import { retentionStartMs } from '../domain/putEvents.ts';
import { invalidParameter, resourceNotFound, unsupported } from '../errors.ts';
import { fieldNames, recordOfEvent } from '../insights/record.ts';
import type { QueryEvent } from '../insights/record.ts';
import { textOf } from '../insights/values.ts';
import { pageBytesMax, sampledEventsMax, sampledFieldsMax } from '../limits.ts';
import { groupAccess, groupNameOf, operation, scopeOf } from '../operation.ts';
import { formatPointer } from '../queries.ts';
import { readPage } from '../reading.ts';
import type { EventQuery, FoundEvent } from '../reading.ts';
import { groups, requireGroup } from '../store.ts';
import { createStreamNames } from '../streamNames.ts';

// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogRecord.html

export const getLogRecord = operation('GetLogRecord', {
  access: ({ logRecordPointer = '' }, call) => groupAccess('GetLogRecord', call, parsePointer(logRecordPointer).groupName),
  async handle({ logRecordPointer = '', unmask = false }, call, { store }) {
    if (unmask) throw unsupported('unmask');
    const { groupName, position } = parsePointer(logRecordPointer);
    const scope = scopeOf(call);
    const event = await store.read(async (tx) => {
      const group = await groups.get(tx, scope, [groupName]);
      if (!group) return undefined;
      const { timestampMs, streamId, index } = position;
      const fromMs = Math.max(timestampMs, retentionStartMs(call.nowMs, group.retentionDays));
      // From just before the event to the end of its millisecond.
      const query: EventQuery = { scope, groupId: group.id, source: { streamId }, fromMs, beforeMs: timestampMs + 1, after: { ...position, index: index - 1 }, reverse: false };
      const [found] = (await readPage(tx, query, { events: 1, bytes: pageBytesMax }, () => true)).events;
      const logStream = await createStreamNames(tx, scope, group.id).find(streamId);
      if (!found || logStream === undefined || formatPosition(found.position) !== formatPosition(position)) return undefined;
      return queryEvent(call, groupName, logStream, found);
    });
    if (!event) throw resourceNotFound();
    const record = recordOfEvent(event);
    const fields = ['@ptr', ...fieldNames(event, sampledFieldsMax)].map((name) => [name, textOf(record.get(name))] as const);
    return { logRecord: Object.fromEntries(fields.flatMap(([name, text]) => (text === undefined ? [] : [[name, text]]))) };
  },
});

export const getLogGroupFields = operation('GetLogGroupFields', {
  access: (input, call) => groupAccess('GetLogGroupFields', call, groupNameOf(input, call)),
  async handle(input, call, { store }) {
    const groupName = groupNameOf(input, call);
    const scope = scopeOf(call);
    const minuteMs = 60_000;
    // "If you specify a time, the 8 minutes before and 8 minutes after this time are searched", else the last 15 minutes.
    const [fromMs, beforeMs] = input.time === undefined ? [call.nowMs - 15 * minuteMs, call.nowMs + 1] : [epochMs(input.time) - 8 * minuteMs, epochMs(input.time) + 8 * minuteMs];
    const { events } = await store.read(async (tx) => {
      const group = await requireGroup(tx, scope, groupName);
      const names = createStreamNames(tx, scope, group.id);
      const source = { wants: async (streamId: number) => (await names.find(streamId)) !== undefined };
      const since = Math.max(0, fromMs, retentionStartMs(call.nowMs, group.retentionDays));
      return readPage(tx, { scope, groupId: group.id, source, fromMs: since, beforeMs, after: undefined, reverse: true }, { events: sampledEventsMax, bytes: pageBytesMax }, () => true);
    });
    const counts = new Map<string, number>();
    for (const event of events) for (const name of fieldNames(queryEvent(call, groupName, '', event), sampledFieldsMax)) counts.set(name, (counts.get(name) ?? 0) + 1);
    const fields = [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).slice(0, sampledFieldsMax);
    return { logGroupFields: fields.map(([name, count]) => ({ name, percent: Math.floor((100 * count) / events.length) })) };
  },
});

function queryEvent(call: Call, groupName: string, logStream: string, { position, message, ingestedAtMs }: FoundEvent): QueryEvent {
  return { ptr: formatPointer(groupName, formatPosition(position)), timestamp: position.timestampMs, ingestionTime: ingestedAtMs, message, logStream, log: `${call.account}:${groupName}` };
}

function parsePointer(text: string): { readonly groupName: string; readonly position: Position } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    throw invalidParameter('The specified logRecordPointer is invalid.');
  }
  const [groupName, place] = Array.isArray(parsed) ? (parsed as unknown[]) : [];
  const position = typeof place === 'string' ? parsePosition(place) : undefined;
  if (typeof groupName !== 'string' || !position) throw invalidParameter('The specified logRecordPointer is invalid.');
  return { groupName, position };
}
