import { formatSequenceNumber } from '../domain/sequence.ts';
import type { Received } from '../receiving/receiver.ts';

type SystemAttribute = (message: Received) => string | undefined;

const systemAttributes: ReadonlyMap<string, SystemAttribute | undefined> = new Map<string, SystemAttribute | undefined>([
  ['All', undefined],
  ['SenderId', ({ row }) => row.sender],
  ['ApproximateFirstReceiveTimestamp', ({ row }) => String(row.firstMs)],
  ['ApproximateReceiveCount', ({ row }) => String(row.receives)],
  ['SentTimestamp', ({ row }) => String(row.sentMs)],
  ['SequenceNumber', ({ sequence }) => (sequence === undefined ? undefined : formatSequenceNumber(sequence))],
  ['MessageDeduplicationId', ({ row }) => ('dedupId' in row ? row.dedupId : undefined)],
  ['MessageGroupId', ({ group }) => group],
  ['AWSTraceHeader', ({ row }) => row.trace],
  ['DeadLetterQueueSourceArn', ({ row }) => row.deadOf],
]);

/** The system attributes of a message among `names`, as everybody is told them who receives it. */
export function systemAttributesOf(message: Received, names: readonly string[]): Record<string, string> | undefined {
  if (names.length === 0) return undefined;
  const all = names.includes('All');
  const told: Record<string, string> = {};
  for (const [name, read] of systemAttributes) {
    const value = all || names.includes(name) ? read?.(message) : undefined;
    if (value !== undefined) told[name] = value;
  }
  return Object.keys(told).length === 0 ? undefined : told;
}

/** Every name that may be asked for. */
export const systemAttributeNames: ReadonlySet<string> = new Set(systemAttributes.keys());
