import { parseArn } from '../../../base/arn.ts';
import { uuid } from '../../../base/ids.ts';
import type { AccessRequest } from '../../../framework/context.ts';
import type { ReadTransaction } from '../../../kv/store.ts';
import { invalidParameter, invalidValue, missingParameter, resourceNotFound, unsupportedOperation } from '../errors.ts';
import { scheduleMove, type TaskPlace } from '../jobs/moveTask.ts';
import { moveRateMax, moveTasksListedMax, redriveSourcesMax } from '../limits.ts';
import { countMessages } from '../messages/counts.ts';
import { accessTo, nowOf, operation, type SqsDeps } from '../operation.ts';
import { parseQueueArn, type Queue } from '../queues.ts';
import { everywhere, moveTasks, type MoveTaskRow } from '../store.ts';
import { listSources } from './listDeadLetterSourceQueues.ts';

export const startMessageMoveTask = operation('StartMessageMoveTask', {
  async access({ SourceArn: source, DestinationArn: destination }, _call, deps) {
    const wanted = ['StartMessageMoveTask', 'ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'].map((action) => accessToArn(action, source, deps));
    const destinations = destination === undefined ? await sourcesOf(source, deps) : [destination];
    return (await Promise.all([...wanted, ...destinations.map((arn) => accessToArn('SendMessage', arn, deps))])).flat();
  },
  async handle(input, _call, deps) {
    const { store, timers, random } = deps;
    requireArn(input.SourceArn, 'SourceArn');
    if (input.DestinationArn !== undefined) requireArn(input.DestinationArn, 'DestinationArn');
    const rate = input.MaxNumberOfMessagesPerSecond;
    if (rate !== undefined && (rate < 1 || rate > moveRateMax)) {
      throw invalidValue(rate, 'MaxNumberOfMessagesPerSecond', `MaxNumberOfMessagesPerSecond must be an integer between 1 and ${moveRateMax}.`);
    }
    const source = await requireNamed(input.SourceArn, 'SourceArn', deps);
    if ((await listSources(source, deps, { limit: 1 })).length === 0) throw invalidParameter('Source queue must be configured as a Dead Letter Queue.');
    if (input.DestinationArn !== undefined) {
      const destination = await requireNamed(input.DestinationArn, 'DestinationArn', deps);
      if (destination.arn === source.arn) throw invalidParameter('Source queue arn and destination queue arn cannot be the same.');
      if (destination.fifo !== source.fifo) throw invalidParameter('Source queue and destination queue must be of the same type.');
    }
    const { visible } = await countMessages(store, source, nowOf(deps));
    const { taskId } = await store.transact(async (tx) => {
      tx.guard(moveTasks.key(everywhere, prefixOf(source)));
      const [latest] = await listTasks(tx, source, 1);
      if (latest && isActive(latest.task)) {
        throw invalidParameter('There is already a task running. Only one active task is allowed for a source queue arn at a given time.');
      }
      const startedAtMs = Math.max(nowOf(deps), (latest?.task.startedAtMs ?? 0) + 1);
      const id = uuid(random);
      const place: TaskPlace = [source.account, source.region, source.row.id, startedAtMs, id];
      moveTasks.set(tx, everywhere, place, {
        id,
        status: 'RUNNING',
        sourceArn: source.arn,
        ...(input.DestinationArn === undefined ? {} : { destinationArn: input.DestinationArn }),
        ...(rate === undefined ? {} : { perSecond: rate }),
        moved: 0,
        toMove: visible,
        startedAtMs,
      });
      await scheduleMove(tx, timers, place, nowOf(deps));
      // Ten are told; older ones are nobody's business.
      for (const { place: old } of (await listTasks(tx, source, moveTasksListedMax + 5)).slice(moveTasksListedMax)) moveTasks.clear(tx, everywhere, old);
      return { taskId: id };
    });
    return { TaskHandle: formatHandle(taskId, source.arn) };
  },
});

export const cancelMessageMoveTask = operation('CancelMessageMoveTask', {
  access: ({ TaskHandle: handle }, _call, deps) => accessToArn('CancelMessageMoveTask', parseHandle(handle).sourceArn, deps),
  async handle({ TaskHandle: handle }, _call, deps) {
    const { taskId, sourceArn } = parseHandle(handle);
    const source = await requireNamed(sourceArn, 'SourceArn', deps);
    return deps.store.transact(async (tx) => {
      const found = (await listTasks(tx, source, moveTasksListedMax)).find(({ task }) => task.id === taskId);
      // Read by its key as well, so that a task that goes on meanwhile is seen.
      const task = found && (await moveTasks.get(tx, everywhere, found.place));
      if (!found || !task) throw resourceNotFound('Task does not exist.');
      if (task.status !== 'RUNNING') throw unsupportedOperation('Only active message move tasks can be cancelled.');
      moveTasks.set(tx, everywhere, found.place, { ...task, status: 'CANCELLING' });
      return { ApproximateNumberOfMessagesMoved: task.moved };
    });
  },
});

export const listMessageMoveTasks = operation('ListMessageMoveTasks', {
  access: ({ SourceArn: source }, _call, deps) => accessToArn('ListMessageMoveTasks', source, deps),
  async handle({ SourceArn: arn, MaxResults: max = 1 }, _call, deps) {
    requireArn(arn, 'SourceArn');
    if (max < 1 || max > moveTasksListedMax) throw invalidValue(max, 'MaxResults', `MaxResults must be an integer between 1 and ${moveTasksListedMax}.`);
    const source = await requireNamed(arn, 'SourceArn', deps);
    const tasks = await deps.store.read((tx) => listTasks(tx, source, max));
    return { Results: tasks.map(({ task }) => describe(task)) };
  },
});

function describe(task: MoveTaskRow) {
  return {
    ...(task.status === 'RUNNING' ? { TaskHandle: formatHandle(task.id, task.sourceArn) } : {}),
    Status: task.status,
    SourceArn: task.sourceArn,
    ...(task.destinationArn === undefined ? {} : { DestinationArn: task.destinationArn }),
    ...(task.perSecond === undefined ? {} : { MaxNumberOfMessagesPerSecond: task.perSecond }),
    ApproximateNumberOfMessagesMoved: task.moved,
    ApproximateNumberOfMessagesToMove: task.toMove,
    ...(task.failureReason === undefined ? {} : { FailureReason: task.failureReason }),
    StartedTimestamp: task.startedAtMs,
  };
}

const isActive = ({ status }: MoveTaskRow): boolean => status === 'RUNNING' || status === 'CANCELLING';

const prefixOf = ({ account, region, row }: Queue): [string, string, string] => [account, region, row.id];

async function listTasks(tx: ReadTransaction, source: Queue, limit: number): Promise<{ place: TaskPlace; task: MoveTaskRow }[]> {
  const rows = await moveTasks.list(tx, everywhere, prefixOf(source), { limit, reverse: true });
  return rows.map(({ parts, row }) => ({ place: [source.account, source.region, source.row.id, Number(parts[3]), String(parts[4])], task: row }));
}

// Without a destination messages go back to where they came from ("Configuring queue permissions for dead-letter queue redrive").
async function sourcesOf(arn: string | undefined, deps: SqsDeps): Promise<string[]> {
  const name = parseQueueArn(arn ?? '');
  const queue = name && (await deps.queues.look(name));
  return queue ? (await listSources(queue, deps, { limit: redriveSourcesMax })).map((one) => one.arn) : [];
}

async function accessToArn(action: string, arn: string | undefined, { queues }: SqsDeps): Promise<AccessRequest[]> {
  const name = parseQueueArn(arn ?? '');
  return name ? [accessTo(action, name, await queues.look(name))] : [];
}

function requireArn(arn: string | undefined, parameter: string): void {
  if (arn === undefined || arn === '') throw missingParameter(parameter);
  if (!parseArn(arn)) throw invalidParameter(`You must use this format to specify the ${parameter}: arn:<partition>:<service>:<region>:<account-id>:<resource-id>`);
}

async function requireNamed(arn: string | undefined, parameter: 'SourceArn' | 'DestinationArn', { queues }: SqsDeps): Promise<Queue> {
  const name = parseQueueArn(arn ?? '');
  const queue = name && (await queues.look(name));
  if (!queue) throw resourceNotFound(`The resource that you specified for the ${parameter} parameter doesn't exist.`);
  return queue;
}

// As SQS makes them: a small JSON document in base64.
function formatHandle(taskId: string, sourceArn: string): string {
  return Buffer.from(JSON.stringify({ taskId, sourceArn })).toString('base64');
}

function parseHandle(handle: string | undefined): { readonly taskId: string; readonly sourceArn: string } {
  if (handle === undefined || handle === '') throw missingParameter('TaskHandle');
  try {
    const value: unknown = JSON.parse(Buffer.from(handle.slice(0, 2_048), 'base64').toString('utf8'));
    const { taskId, sourceArn } = value as { taskId?: unknown; sourceArn?: unknown };
    if (typeof taskId === 'string' && typeof sourceArn === 'string') return { taskId, sourceArn };
  } catch {
    // Not one of ours.
  }
  throw invalidParameter('Value for parameter TaskHandle is invalid.');
}
