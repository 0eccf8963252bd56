// What functions and pipes get of a queue, and what functions answer. https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
import type { QueueRecord } from '../ports/queueReader.ts';

export interface EventSource {
  readonly arn: string;
  readonly region: string;
}

/** A message as functions see it. */
export function describeQueueRecord({ messageId, receiptHandle, body, attributes, messageAttributes, md5OfBody, md5OfMessageAttributes }: QueueRecord, source: EventSource): object {
  const described = Object.entries(messageAttributes).map(([name, { dataType, stringValue, binaryValue }]) => [
    name,
    {
      ...(stringValue === undefined ? {} : { stringValue }),
      ...(binaryValue === undefined ? {} : { binaryValue }),
      ...{ stringListValues: [], binaryListValues: [], dataType },
    },
  ]);
  return {
    ...{ messageId, receiptHandle, body, attributes, messageAttributes: Object.fromEntries(described) },
    ...(md5OfMessageAttributes === undefined ? {} : { md5OfMessageAttributes }),
    ...{ md5OfBody, eventSource: 'aws:sqs', eventSourceARN: source.arn, awsRegion: source.region },
  };
}

/**
 * The ids of the messages that a function has not finished, by its answer; 'all' for an answer that does not say it as it must.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html, "Success and failure conditions".
 */
export function failedItemsOf(payload: Uint8Array, messageIds: ReadonlySet<string>): ReadonlySet<string> | 'all' {
  let answer: unknown;
  try {
    answer = payload.length === 0 ? null : JSON.parse(Buffer.from(payload).toString('utf8'));
  } catch {
    return 'all';
  }
  if (answer === null) return new Set();
  if (typeof answer !== 'object') return 'all';
  const failures: unknown = 'batchItemFailures' in answer ? answer.batchItemFailures : undefined;
  if (failures === undefined || failures === null) return new Set();
  if (!Array.isArray(failures)) return 'all';
  const failed = new Set<string>();
  for (const failure of failures as readonly unknown[]) {
    const id: unknown = typeof failure === 'object' && failure !== null && 'itemIdentifier' in failure ? failure.itemIdentifier : undefined;
    if (typeof id !== 'string' || !messageIds.has(id)) return 'all';
    failed.add(id);
  }
  return failed;
}
