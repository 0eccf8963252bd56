// What others tell durable executions that wait for them.
import type { Call } from '../../../framework/context.ts';
import { callbackAccess, requireCallback } from '../durable/access.ts';
import { openExecution } from '../durable/edit.ts';
import type { ExecutionEdit } from '../durable/edit.ts';
import { endOperation } from '../durable/endings.ts';
import { openError } from '../durable/output.ts';
import type { OperationRow } from '../durable/store.ts';
import { errors } from '../errors.ts';
import { operation } from '../operation.ts';
import type { LambdaContext } from '../operation.ts';

/** Answers a callback that is still waited for. Throws CallbackTimeoutException for any other. */
function tell(callbackId: string | undefined, call: Call, { store, durable }: LambdaContext, apply: (edit: ExecutionEdit, row: OperationRow) => Promise<void>): Promise<Record<string, never>> {
  const callback = requireCallback(callbackId, call);
  return store.transact(async (tx) => {
    const edit = await openExecution(tx, callback, durable.deps);
    const row = await edit?.find(callback.operationId);
    if (edit === undefined || row === undefined) throw errors.executionNotFound(callback.arn);
    if (edit.row.endedAtMs !== undefined || row.status !== 'STARTED') throw errors.callbackEnded();
    await apply(edit, row);
    await durable.settle(edit);
    return {};
  });
}

const sendSuccess = operation('SendDurableExecutionCallbackSuccess', {
  access: callbackAccess('lambda:SendDurableExecutionCallbackSuccess'),
  handle(input, call, context) {
    const result = input.Result === undefined ? undefined : Buffer.from(input.Result as unknown as Uint8Array).toString('utf8');
    return tell(input.CallbackId, call, context, (edit, row) => endOperation(edit, row, { status: 'SUCCEEDED', result }));
  },
});

const sendFailure = operation('SendDurableExecutionCallbackFailure', {
  access: callbackAccess('lambda:SendDurableExecutionCallbackFailure'),
  handle: (input, call, context) => tell(input.CallbackId, call, context, (edit, row) => endOperation(edit, row, { status: 'FAILED', error: openError(input.Error) })),
});

const sendHeartbeat = operation('SendDurableExecutionCallbackHeartbeat', {
  access: callbackAccess('lambda:SendDurableExecutionCallbackHeartbeat'),
  handle: (input, call, context) =>
    tell(input.CallbackId, call, context, async (edit, row) => {
      if (row.heartbeatSeconds !== undefined) await edit.setTimer('heartbeat', edit.nowMs + row.heartbeatSeconds * 1_000, row.id);
    }),
});

/** SendDurableExecutionCallbackSuccess, SendDurableExecutionCallbackFailure and SendDurableExecutionCallbackHeartbeat. */
export const durableCallbackOperations = {
  SendDurableExecutionCallbackSuccess: sendSuccess,
  SendDurableExecutionCallbackFailure: sendFailure,
  SendDurableExecutionCallbackHeartbeat: sendHeartbeat,
};
