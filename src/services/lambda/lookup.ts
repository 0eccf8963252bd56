// Finding the function that a request names, and the permission it takes.
import type { AccessRequest, Call } from '../../framework/context.ts';
import type { ReadTransaction } from '../../kv/store.ts';
import { isAliasName, versionNumberOf } from './domain/alias.ts';
import { functionArn, parseFunctionName } from './domain/functionName.ts';
import type { FunctionReference } from './domain/functionName.ts';
import { errors } from './errors.ts';
import type { LambdaContext } from './operation.ts';
import { findAlias, findFunction, findPolicy, findVersion, latest } from './store.ts';
import type { AliasRow, FunctionRow, VersionRow } from './store.ts';

interface Named {
  readonly FunctionName?: string | undefined;
  readonly Qualifier?: string | undefined;
}

/** The function that a request names, also in another account: that account's resource policy has allowed it by then. */
export const referenceOf = ({ FunctionName, Qualifier }: Named, call: Call): FunctionReference => parseFunctionName(FunctionName ?? '', Qualifier, call);

/** The same for operations that no resource policy opens to other accounts. */
export function ownReferenceOf(input: Named, call: Call, action: string): FunctionReference {
  const reference = referenceOf(input, call);
  if (reference.account !== call.account) {
    const callerArn = call.caller.kind === 'anonymous' ? 'anonymous' : call.caller.arn;
    throw errors.otherAccount(callerArn, action, functionArn(reference, reference.name));
  }
  return reference;
}

type Access = (input: Named, call: Call, context: Pick<LambdaContext, 'store'>) => AccessRequest | Promise<AccessRequest>;

/** The permission of an operation on one function, with the policy of the function, version or alias that the request names. */
export function accessTo(action: string, options: { readonly qualified?: boolean } = {}): Access {
  return (input, call, { store }) => {
    const reference = referenceOf(input, call);
    const qualifier = options.qualified === true ? reference.qualifier : undefined;
    const request = permissionFor(action, reference, qualifier);
    // Root needs no policy for its own functions, and AddPermission makes none that denies.
    if (call.caller.kind === 'root' && call.caller.account === reference.account) return request;
    return store.read(async (tx) => {
      const [policy, row] = await Promise.all([findPolicy(tx, reference, reference.name, qualifier), findFunction(tx, reference, reference.name)]);
      const tags = row?.tags.map(([name, value]) => [`aws:ResourceTag/${name}`, value] as const) ?? [];
      return { ...request, ...(tags.length > 0 && { conditions: Object.fromEntries(tags) }), ...(policy !== undefined && { resourcePolicy: policy.document }) };
    });
  };
}

/** The permission alone, where no policy of a function has a say: CreateFunction. */
export const permissionFor = (action: string, reference: FunctionReference, qualifier?: string): AccessRequest => ({
  action,
  resource: functionArn(reference, reference.name, qualifier),
});

/** For operations on functions as a whole: any other qualifier than $LATEST is refused. */
export function wholeFunctionOf(input: Named, call: Call): FunctionReference {
  const reference = referenceOf(input, call);
  if (reference.qualifier !== undefined && reference.qualifier !== latest) throw errors.onlyWholeFunctions();
  return reference;
}

/** Throws PreconditionFailedException when the caller saw another revision. */
export function requireRevision(row: Pick<VersionRow, 'revisionId'>, revisionId: string | undefined): void {
  if (revisionId !== undefined && revisionId !== '' && revisionId !== row.revisionId) throw errors.revisionChanged();
}

/** Throws ResourceNotFoundException when there is none. */
export async function requireFunction(tx: ReadTransaction, reference: FunctionReference): Promise<FunctionRow> {
  const row = await findFunction(tx, reference, reference.name);
  if (row === undefined) throw errors.functionNotFound(functionArn(reference, reference.name, reference.qualifier));
  return row;
}

export interface Resolved {
  readonly head: FunctionRow;
  readonly row: VersionRow;
  /** When the qualifier names one. */
  readonly alias: AliasRow | undefined;
}

/** The function and the version that the qualifier means; of an alias the one that `route` picks. */
export async function requireVersion(tx: ReadTransaction, reference: FunctionReference, route = (alias: AliasRow): string => alias.version): Promise<Resolved> {
  const head = await requireFunction(tx, reference);
  const { qualifier } = reference;
  if (qualifier === undefined) return { head, row: head.latest, alias: undefined };
  const alias = isAliasName(qualifier) ? await findAlias(tx, reference, reference.name, qualifier) : undefined;
  const row = await findRow(tx, reference, head, alias === undefined ? qualifier : route(alias));
  if (row === undefined) throw errors.functionNotFound(functionArn(reference, reference.name, qualifier));
  return { head, row, alias };
}

async function findRow(tx: ReadTransaction, reference: FunctionReference, head: FunctionRow, version: string): Promise<VersionRow | undefined> {
  if (version === latest) return head.latest;
  const number = versionNumberOf(version);
  return number === undefined ? undefined : findVersion(tx, reference, reference.name, number);
}
