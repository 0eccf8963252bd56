// Operations that change durable executions: what functions checkpoint, and what operators do.
import type { Operation } from '@aws-sdk/client-lambda';
import { executionAccess, requireName } from '../durable/access.ts';
import { describeOperation } from '../durable/describe.ts';
import { openExecution } from '../durable/edit.ts';
import type { ExecutionEdit } from '../durable/edit.ts';
import { endExecution } from '../durable/endings.ts';
import { updatesMax } from '../durable/limits.ts';
import { makeToken, openToken } from '../durable/names.ts';
import { openError } from '../durable/output.ts';
import { applyUpdate } from '../durable/updates.ts';
import { errors } from '../errors.ts';
import { operation } from '../operation.ts';

const checkpointDurableExecution = operation('CheckpointDurableExecution', {
  access: executionAccess('lambda:CheckpointDurableExecution'),
  async handle(input, call, { store, durable }) {
    const name = requireName(input.DurableExecutionArn, call);
    const updates = input.Updates ?? [];
    if (updates.length > updatesMax) throw errors.invalidParameter(`A checkpoint has at most ${updatesMax} updates.`);
    return store.transact(async (tx) => {
      const edit = await openExecution(tx, name, durable.deps);
      if (edit === undefined) throw errors.invalidParameter('Invalid Checkpoint Token: the execution does not exist.');
      const { row } = edit;
      const number = openToken(input.CheckpointToken ?? '', row.executionId);
      if (row.last !== undefined && row.last.token === number && row.last.clientToken === input.ClientToken) return answer(edit, row.last.ids);
      if (number !== row.token || row.endedAtMs !== undefined) throw errors.invalidParameter('Invalid Checkpoint Token');
      const ids = new Set<string>();
      for (const update of updates) {
        const applied = await applyUpdate(edit, update);
        if (applied !== undefined) ids.add(applied.id);
        if (row.endedAtMs !== undefined) break;
      }
      // What has changed meanwhile is told with every answer, so that a run sees timers that fire and callbacks that come.
      for (const id of row.unseen) ids.add(id);
      row.unseen = [];
      if (input.ClientToken !== undefined) row.last = { clientToken: input.ClientToken, token: number, ids: [...ids] };
      row.token += 1;
      await durable.settle(edit);
      return answer(edit, [...ids]);
    });
  },
});

async function answer(edit: ExecutionEdit, ids: readonly string[]) {
  const { tx, key, row } = edit;
  const Operations: Operation[] = [];
  for (const id of ids) {
    const found = await edit.find(id);
    if (found !== undefined) Operations.push(await describeOperation(tx, key, row, found));
  }
  const token = row.endedAtMs === undefined ? { CheckpointToken: makeToken(row.executionId, row.token) } : {};
  return { ...token, NewExecutionState: { Operations } };
}

const stopDurableExecution = operation('StopDurableExecution', {
  access: executionAccess('lambda:StopDurableExecution'),
  async handle(input, call, { store, durable }) {
    const name = requireName(input.DurableExecutionArn, call);
    return store.transact(async (tx) => {
      const edit = await openExecution(tx, name, durable.deps);
      if (edit === undefined) throw errors.executionNotFound(input.DurableExecutionArn ?? '');
      if (edit.row.endedAtMs === undefined) {
        await endExecution(edit, { status: 'STOPPED', error: openError(input.Error ?? { ErrorType: 'Execution.Stopped', ErrorMessage: 'The durable execution was stopped.' }) });
        await durable.settle(edit);
      }
      return { StopTimestamp: new Date(edit.row.endedAtMs ?? call.nowMs) };
    });
  },
});

/** CheckpointDurableExecution and StopDurableExecution. */
export const durableExecutionOperations = {
  CheckpointDurableExecution: checkpointDurableExecution,
  StopDurableExecution: stopDurableExecution,
};
