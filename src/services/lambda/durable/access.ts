// Finding the execution that a request names, and the permission it takes.
import type { AccessRequest, Call } from '../../../framework/context.ts';
import type { ReadTransaction } from '../../../kv/store.ts';
import { errors } from '../errors.ts';
import { openCallbackId, parseExecutionArn } from './names.ts';
import type { CallbackName, ExecutionName } from './names.ts';
import { findExecution } from './store.ts';
import type { ExecutionRow } from './store.ts';

/** IAM's "durable execution" is a resource of its own: service authorization reference, AWS Lambda. */
export const executionAccess =
  (action: string) =>
  ({ DurableExecutionArn = '' }: { readonly DurableExecutionArn?: string | undefined }): AccessRequest => ({ action, resource: DurableExecutionArn });

/** What a callback belongs to is the resource. */
export const callbackAccess =
  (action: string) =>
  ({ CallbackId = '' }: { readonly CallbackId?: string | undefined }, call: Call): AccessRequest => ({ action, resource: requireCallback(CallbackId, call).arn });

/** The execution of an ARN in the caller's account and region. */
export function requireName(arn: string | undefined, call: Call): ExecutionName {
  const name = parseExecutionArn(arn ?? '');
  if (name === undefined || name.region !== call.region || name.account !== call.account) throw errors.executionNotFound(arn ?? '');
  return name;
}

export function requireCallback(text: string | undefined, call: Call): CallbackName {
  const callback = openCallbackId(text ?? '');
  if (callback === undefined || callback.region !== call.region || callback.account !== call.account) throw errors.invalidParameter('Invalid callback id.');
  return callback;
}

export async function requireExecution(tx: ReadTransaction, name: ExecutionName, arn: string | undefined): Promise<ExecutionRow> {
  const row = await findExecution(tx, name);
  if (row === undefined || row.executionId !== name.executionId) throw errors.executionNotFound(arn ?? '');
  return row;
}
