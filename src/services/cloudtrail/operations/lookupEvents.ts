import type { LookupAttribute } from '@aws-sdk/client-cloudtrail';
import type { TableRow } from '../../../kv/table.ts';
import type { EventRow } from '../domain/describeEvent.ts';
import { invalidLookupAttributes, invalidNextToken, invalidTimeRange } from '../errors.ts';
import { pageMax, retentionMs, scannedMax } from '../limits.ts';
import { operation } from '../operation.ts';
import { events } from '../store.ts';

/** Newest first. Insights are not made, so there are none to find. */
export const lookupEvents = operation('LookupEvents', {
  access: () => ({ action: 'cloudtrail:LookupEvents', resource: '*' }),
  async handle(input, call, { store, recorder }) {
    const matches = matcherOf(input.LookupAttributes ?? []);
    const startMs = Math.max(input.StartTime?.getTime() ?? 0, call.nowMs - retentionMs);
    const endMs = input.EndTime?.getTime() ?? Number.MAX_SAFE_INTEGER;
    if (input.StartTime && endMs <= input.StartTime.getTime()) throw invalidTimeRange();
    if (input.EventCategory === 'insight') return { Events: [] };
    await recorder.flush();
    const limit = input.MaxResults ?? pageMax;
    const found: TableRow<EventRow>[] = [];
    let after: TableRow<EventRow>['parts'] | undefined = input.NextToken === undefined ? undefined : readToken(input.NextToken);
    let isEnd = false;
    for (let scanned = 0; scanned < scannedMax && found.length < limit && !isEnd; ) {
      const from = after;
      const rows = await store.read((tx) => events.list(tx, call, [], { limit: pageMax, reverse: true, from: [startMs], before: [endMs + 1], ...(from ? { after: from } : {}) }));
      isEnd = rows.length < pageMax;
      scanned += rows.length;
      for (const row of rows) {
        if (found.length === limit) {
          isEnd = false;
          break;
        }
        after = row.parts;
        if (matches(row)) found.push(row);
      }
    }
    return { Events: found.map(describe), ...(isEnd || after === undefined ? {} : { NextToken: writeToken(after) }) };
  },
});

type Matcher = (found: TableRow<EventRow>) => boolean;

function matcherOf(attributes: readonly LookupAttribute[]): Matcher {
  // "Currently the list can contain only one item" (API reference, LookupEvents).
  if (attributes.length > 1) throw invalidLookupAttributes('You can only specify one lookup attribute.');
  const [attribute] = attributes;
  const value = attribute?.AttributeValue ?? '';
  switch (attribute?.AttributeKey) {
    case undefined:
      return () => true;
    case 'EventId':
      return ({ parts }) => parts[1] === value;
    case 'EventName':
      return ({ row }) => row.eventName === value;
    case 'EventSource':
      return ({ row }) => row.eventSource === value;
    case 'ReadOnly':
      return ({ row }) => String(row.readOnly) === value.toLowerCase();
    case 'Username':
      return ({ row }) => row.userName === value;
    case 'AccessKeyId':
      return ({ row }) => row.accessKeyId === value;
    case 'ResourceName':
      return ({ row }) => row.resources.some(({ name }) => name === value);
    case 'ResourceType':
      return ({ row }) => row.resources.some(({ type }) => type === value);
    default:
      throw invalidLookupAttributes(`${String(attribute?.AttributeKey)} is not a lookup attribute.`);
  }
}

function describe({ parts: [atMs, id], row }: TableRow<EventRow>) {
  return {
    EventId: String(id),
    EventName: row.eventName,
    ReadOnly: String(row.readOnly),
    ...(row.accessKeyId === '' ? {} : { AccessKeyId: row.accessKeyId }),
    EventTime: new Date(Number(atMs)),
    EventSource: row.eventSource,
    ...(row.userName === '' ? {} : { Username: row.userName }),
    Resources: row.resources.map(({ type, name }) => ({ ResourceType: type, ResourceName: name })),
    CloudTrailEvent: row.record,
  };
}

const writeToken = (parts: TableRow<EventRow>['parts']): string => Buffer.from(JSON.stringify(parts)).toString('base64');

function readToken(token: string): [number, string] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(token, 'base64').toString('utf8'));
    if (Array.isArray(parts) && parts.length === 2 && Number.isSafeInteger(parts[0]) && /^[0-9a-f-]{36}$/.test(String(parts[1]))) return [Number(parts[0]), String(parts[1])];
  } catch {
    // Falls through to the refusal.
  }
  throw invalidNextToken();
}
