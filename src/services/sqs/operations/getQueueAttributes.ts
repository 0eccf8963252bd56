import { allSettings, attributeNames, countNames, settingOf } from '../domain/queueAttributes.ts';
import { unknownAttribute } from '../errors.ts';
import { countMessages } from '../messages/counts.ts';
import { nowOf, onQueue, operation, queueAccess, requireQueue, type SqsDeps } from '../operation.ts';
import type { Queue } from '../queues.ts';
import { sweepQueue } from '../jobs/sweep.ts';

export const getQueueAttributes = operation('GetQueueAttributes', {
  access: (input, call, deps) => queueAccess('GetQueueAttributes', input, call, deps),
  handle: (input, call, deps) =>
    onQueue(input, call, async (name) => {
      const queue = await requireQueue(deps.queues.look(name));
      const names: readonly string[] = input.AttributeNames ?? [];
      for (const asked of names) if (asked !== 'All' && !attributeNames.has(asked)) throw unknownAttribute(asked);
      if (names.length === 0) return {};
      return { Attributes: await readAttributes(queue, names, deps) };
    }),
});

async function readAttributes(queue: Queue, names: readonly string[], deps: SqsDeps): Promise<Record<string, string>> {
  const all = names.includes('All');
  const asksFor = (name: string): boolean => all || names.includes(name);
  const told: Record<string, string> = asksFor('QueueArn') ? { QueueArn: queue.arn } : {};
  if (countNames.some(asksFor)) {
    const nowMs = nowOf(deps);
    // What has expired is not there any more, whether it has been taken out yet or not.
    await sweepQueue(deps.store, queue, nowMs);
    const { visible, inFlight, delayed } = await countMessages(deps.store, queue, nowMs);
    const counts = [visible, inFlight, delayed];
    for (const [at, name] of countNames.entries()) if (asksFor(name)) told[name] = String(counts[at]);
  }
  if (asksFor('CreatedTimestamp')) told['CreatedTimestamp'] = seconds(queue.row.createdAtMs);
  if (asksFor('LastModifiedTimestamp')) told['LastModifiedTimestamp'] = seconds(queue.row.modifiedAtMs);
  if (all) return { ...told, ...allSettings(queue.row.settings) };
  for (const name of names) {
    const value = settingOf(queue.row.settings, name);
    if (value !== undefined) told[name] = value;
  }
  return told;
}

function seconds(ms: number): string {
  return String(Math.floor(ms / 1_000));
}
