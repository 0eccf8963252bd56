// Queues as event sources: what a mapping needs of them, and what must be the case before it is made.
// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
import type { Clock } from '../../../base/clock.ts';
import { parseArn } from '../../../base/arn.ts';
import type { RoleAccess } from '../../../framework/roleAccess.ts';
import type { QueueReader } from '../../../ports/queueReader.ts';
import { fifoBatchMax } from '../limits.ts';
import type { VersionRow } from '../store.ts';
import { mappingErrors } from './mappingErrors.ts';
import type { EventSource } from '../../../framework/queueEvent.ts';

export interface QueueSourceDeps {
  readonly clock: Clock;
  readonly queues: QueueReader;
  readonly roleAccess: RoleAccess;
}

const calls = ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'] as const;

/** The first call that a function's role may not make on its queue. */
export async function findRefusedQueueCall(roleArn: string, source: EventSource, { roleAccess, clock }: QueueSourceDeps): Promise<string | undefined> {
  for (const call of calls) {
    if (!(await roleAccess({ roleArn, action: `sqs:${call}`, resource: source.arn, nowMs: clock.now(), region: source.region }))) return call;
  }
  return undefined;
}

export const isQueueArn = (arn: string): boolean => parseArn(arn)?.service === 'sqs';

export interface QueueSettings {
  readonly sourceArn: string;
  readonly region: string;
  readonly batchSize: number;
  readonly windowSeconds: number;
}

/** Throws when a queue cannot feed this version with these settings. */
export async function requireQueueSource({ sourceArn, region, batchSize, windowSeconds }: QueueSettings, version: VersionRow, deps: QueueSourceDeps): Promise<void> {
  const fifo = sourceArn.endsWith('.fifo');
  if (fifo && windowSeconds > 0) throw mappingErrors.fifoWindow();
  if (fifo && batchSize > fifoBatchMax) throw mappingErrors.fifoBatch(batchSize);
  if (batchSize > fifoBatchMax && windowSeconds === 0) throw mappingErrors.windowNeeded();
  const refused = await findRefusedQueueCall(version.roleArn, { arn: sourceArn, region }, deps);
  if (refused !== undefined) throw mappingErrors.notPermitted(refused, 'SQS');
  const queue = parseArn(sourceArn)?.region === region ? await deps.queues.describe(sourceArn) : undefined;
  if (queue === undefined) throw mappingErrors.noQueue();
  if (queue.visibilityTimeoutSeconds < version.timeoutSeconds) throw mappingErrors.visibilityTooShort(queue.visibilityTimeoutSeconds, version.timeoutSeconds);
}
