// Finding the function that a request names, and the permission it takes.
import type { AccessRequest, Call } from '../../framework/context.ts';
import type { ReadTransaction } from '../../kv/store.ts';
import { functionArn, parseFunctionName } from './domain/functionName.ts';
import type { FunctionReference } from './domain/functionName.ts';
import { errors } from './errors.ts';
import { findFunction, findVersion, latest } from './store.ts';
import type { FunctionRow, VersionRow } from './store.ts';

interface Named {
  readonly FunctionName?: string | undefined;
  readonly Qualifier?: string | undefined;
}

/** The function that a request names. Functions of another account are out of reach: nothing here has a resource policy yet. */
export function referenceOf({ FunctionName, Qualifier }: Named, call: Call, action: string): FunctionReference {
  const reference = parseFunctionName(FunctionName ?? '', Qualifier, call);
  if (reference.account !== call.account) {
    const callerArn = call.caller.kind === 'anonymous' ? 'anonymous' : call.caller.arn;
    throw errors.otherAccount(callerArn, action, functionArn(reference, reference.name));
  }
  return reference;
}

/** The permission of an operation on one function. */
export function accessTo(action: string, options: { readonly qualified?: boolean } = {}): (input: Named, call: Call) => AccessRequest {
  return (input, call) => {
    const reference = parseFunctionName(input.FunctionName ?? '', input.Qualifier, call);
    const qualifier = options.qualified === true ? reference.qualifier : undefined;
    return { action, resource: functionArn(reference, reference.name, qualifier) };
  };
}

/** For operations on functions as a whole: any other qualifier than $LATEST is refused. */
export function wholeFunctionOf(input: Named, call: Call, action: string): FunctionReference {
  const reference = referenceOf(input, call, action);
  if (reference.qualifier !== undefined && reference.qualifier !== latest) throw errors.onlyWholeFunctions();
  return reference;
}

/** Throws PreconditionFailedException when the caller saw another revision. */
export function requireRevision(row: VersionRow, revisionId: string | undefined): void {
  if (revisionId !== undefined && revisionId !== '' && revisionId !== row.revisionId) throw errors.revisionChanged();
}

/** Throws ResourceNotFoundException when there is none. */
export async function requireFunction(tx: ReadTransaction, reference: FunctionReference): Promise<FunctionRow> {
  const row = await findFunction(tx, reference, reference.name);
  if (row === undefined) throw errors.functionNotFound(functionArn(reference, reference.name, reference.qualifier));
  return row;
}

/** The function and the version that the qualifier means. */
export async function requireVersion(tx: ReadTransaction, reference: FunctionReference): Promise<{ readonly head: FunctionRow; readonly row: VersionRow }> {
  const head = await requireFunction(tx, reference);
  const { qualifier } = reference;
  if (qualifier === undefined || qualifier === latest) return { head, row: head.latest };
  const row = /^[1-9]\d{0,14}$/.test(qualifier) ? await findVersion(tx, reference, reference.name, Number(qualifier)) : undefined;
  if (row === undefined) throw errors.functionNotFound(functionArn(reference, reference.name, qualifier));
  return { head, row };
}
