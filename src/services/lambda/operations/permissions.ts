import { uuid } from '../../../base/ids.ts';
import type { AccessRequest, Call } from '../../../framework/context.ts';
import type { ReadTransaction, Transaction } from '../../../kv/store.ts';
import { isAliasName } from '../domain/alias.ts';
import { functionArn } from '../domain/functionName.ts';
import type { FunctionReference } from '../domain/functionName.ts';
import { addStatement, makeStatement, removeStatement } from '../domain/resourcePolicy.ts';
import { refuseUnimplemented } from '../domain/settings.ts';
import { errors } from '../errors.ts';
import { accessTo, referenceOf, requireFunction, requireVersion } from '../lookup.ts';
import type { Resolved } from '../lookup.ts';
import { operation } from '../operation.ts';
import { clearPolicy, findAlias, findPolicy, latest, setAlias, setFunction, setPolicy, setVersion } from '../store.ts';

const implemented = new Set([
  'FunctionName', 'StatementId', 'Action', 'Principal', 'SourceArn', 'SourceAccount', 'EventSourceToken', 'Qualifier', 'RevisionId',
  'PrincipalOrgID', 'FunctionUrlAuthType', 'InvokedViaFunctionUrl',
]);

const addPermission = operation('AddPermission', {
  async access(input, call, context): Promise<AccessRequest> {
    const request = await accessTo('lambda:AddPermission', { qualified: true })(input, call, context);
    const { Principal = '', FunctionUrlAuthType } = input;
    const conditions = { 'lambda:Principal': Principal, ...(FunctionUrlAuthType === undefined ? {} : { 'lambda:FunctionUrlAuthType': FunctionUrlAuthType }) };
    return { ...request, conditions };
  },
  async handle(input, call, { store, random }) {
    const reference = policyReferenceOf(input, call);
    refuseUnimplemented(input, implemented);
    const { name, qualifier } = reference;
    const statement = makeStatement(input, functionArn(reference, name, qualifier), reference.region);
    await store.transact(async (tx) => {
      const target = await requireTarget(tx, reference);
      requirePolicyRevision(target, input.RevisionId);
      const policy = await findPolicy(tx, reference, name, qualifier);
      setPolicy(tx, reference, name, qualifier, { document: addStatement(policy?.document, statement) });
      touch(tx, reference, target, uuid(random));
    });
    return { Statement: JSON.stringify(statement) };
  },
});

const removePermission = operation('RemovePermission', {
  access: accessTo('lambda:RemovePermission', { qualified: true }),
  async handle(input, call, { store, random }) {
    const reference = policyReferenceOf(input, call);
    const { name, qualifier } = reference;
    await store.transact(async (tx) => {
      const target = await requireTarget(tx, reference);
      const policy = await findPolicy(tx, reference, name, qualifier);
      if (policy === undefined) throw errors.noPolicyToChange();
      const document = removeStatement(policy.document, input.StatementId ?? '');
      requirePolicyRevision(target, input.RevisionId);
      if (document === undefined) clearPolicy(tx, reference, name, qualifier);
      else setPolicy(tx, reference, name, qualifier, { document });
      touch(tx, reference, target, uuid(random));
    });
    return {};
  },
});

const getPolicy = operation('GetPolicy', {
  access: accessTo('lambda:GetPolicy', { qualified: true }),
  async handle(input, call, { store }) {
    const reference = policyReferenceOf(input, call);
    return store.read(async (tx) => {
      const target = await requireTarget(tx, reference);
      const policy = await findPolicy(tx, reference, reference.name, reference.qualifier);
      if (policy === undefined) throw errors.noPolicy();
      return { Policy: policy.document, RevisionId: revisionOf(target) };
    });
  },
});

/** AddPermission, RemovePermission and GetPolicy: each function, version and alias has a policy of its own. */
export const permissionOperations = { AddPermission: addPermission, RemovePermission: removePermission, GetPolicy: getPolicy };

export function policyReferenceOf(input: { readonly FunctionName?: string | undefined; readonly Qualifier?: string | undefined }, call: Call): FunctionReference {
  const reference = referenceOf(input, call);
  if (reference.qualifier === latest) throw errors.invalidParameter('We currently do not support adding policies for $LATEST.');
  return reference;
}

export async function requireTarget(tx: ReadTransaction, reference: FunctionReference): Promise<Resolved> {
  const { qualifier } = reference;
  if (qualifier !== undefined && isAliasName(qualifier)) {
    await requireFunction(tx, reference);
    const alias = await findAlias(tx, reference, reference.name, qualifier);
    if (alias === undefined) throw errors.noAliasArn(functionArn(reference, reference.name, qualifier));
  }
  return requireVersion(tx, reference);
}

// A policy has no revision of its own: it changes that of the function, version or alias it belongs to.
export const revisionOf = ({ row, alias }: Resolved): string => alias?.revisionId ?? row.revisionId;

export function requirePolicyRevision(target: Resolved, revisionId: string | undefined): void {
  if (revisionId !== undefined && revisionId !== '' && revisionId !== revisionOf(target)) throw errors.policyRevisionChanged();
}

export function touch(tx: Transaction, reference: FunctionReference, { head, row, alias }: Resolved, revisionId: string): void {
  if (alias !== undefined) setAlias(tx, reference, head.name, { ...alias, revisionId });
  else if (row.version === latest) setFunction(tx, reference, { ...head, latest: { ...row, revisionId } });
  else setVersion(tx, reference, head.name, { ...row, revisionId });
}
