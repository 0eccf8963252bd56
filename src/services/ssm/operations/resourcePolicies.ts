import { createHash } from 'node:crypto';
import { uuid } from '../../../base/ids.ts';
import type { Call } from '../../../framework/context.ts';
import { resourcePolicyProblem } from '../../../framework/resourcePolicy.ts';
import type { ReadTransaction } from '../../../kv/store.ts';
import { malformedResourcePolicy, resourceNotFound, resourcePolicyConflict, resourcePolicyInvalid, resourcePolicyNotFound, tooManyResourcePolicies } from '../errors.ts';
import { resourcePoliciesMax } from '../limits.ts';
import { findParameter, parameterAccess } from '../lookup.ts';
import type { FoundParameter } from '../lookup.ts';
import { parseReference } from '../domain/names.ts';
import { operation, scopeOf } from '../operation.ts';
import { policies, setParameter } from '../store.ts';

// User guide, "Working with shared parameters in Parameter Store": advanced parameters only.

export const putResourcePolicy = operation('PutResourcePolicy', {
  access: ({ ResourceArn = '' }, call, deps) => parameterAccess('PutResourcePolicy', ResourceArn, call, deps),
  async handle({ ResourceArn = '', Policy: document = '', PolicyId, PolicyHash }, call, { store, random }) {
    const problem = resourcePolicyProblem(document);
    if (problem !== undefined) throw malformedResourcePolicy(problem);
    const newId = uuid(random);
    return store.transact(async (tx) => {
      const { scope, name, row } = await requireShared(tx, ResourceArn, call);
      if (row.latest.tier !== 'Advanced') throw resourcePolicyInvalid('Only parameters of the advanced tier can be shared.');
      const old = await policies.get(tx, scope, [row.id]);
      if (PolicyId === undefined && old !== undefined) throw tooManyResourcePolicies(resourcePoliciesMax);
      if (PolicyId !== undefined && old?.policyId !== PolicyId) throw resourcePolicyNotFound();
      if (PolicyId !== undefined && old?.hash !== PolicyHash) throw resourcePolicyConflict();
      const policy = { policyId: old?.policyId ?? newId, hash: hashOf(document), document };
      policies.set(tx, scope, [row.id], policy);
      setParameter(tx, scope, name, { ...row, hasPolicy: true });
      return { PolicyId: policy.policyId, PolicyHash: policy.hash };
    });
  },
});

export const getResourcePolicies = operation('GetResourcePolicies', {
  access: ({ ResourceArn = '' }, call, deps) => parameterAccess('GetResourcePolicies', ResourceArn, call, deps),
  async handle({ ResourceArn = '', NextToken }, call, { store }) {
    if (NextToken !== undefined) throw resourcePolicyInvalid('The specified token is not valid.');
    const policy = await store.read(async (tx) => {
      const { scope, row } = await requireShared(tx, ResourceArn, call);
      return policies.get(tx, scope, [row.id]);
    });
    return { Policies: policy === undefined ? [] : [{ PolicyId: policy.policyId, PolicyHash: policy.hash, Policy: policy.document }] };
  },
});

export const deleteResourcePolicy = operation('DeleteResourcePolicy', {
  access: ({ ResourceArn = '' }, call, deps) => parameterAccess('DeleteResourcePolicy', ResourceArn, call, deps),
  async handle(input, call, { store }) {
    const { ResourceArn = '', PolicyId, PolicyHash } = input;
    if ('DeletionMode' in input && input.DeletionMode !== undefined) throw resourcePolicyInvalid('DeletionMode is not supported by Haneul yet.');
    await store.transact(async (tx) => {
      const { scope, name, row } = await requireShared(tx, ResourceArn, call);
      const old = await policies.get(tx, scope, [row.id]);
      if (old?.policyId !== PolicyId) throw resourcePolicyNotFound();
      if (old?.hash !== PolicyHash) throw resourcePolicyConflict();
      const { hasPolicy: _had, ...rest } = row;
      policies.clear(tx, scope, [row.id]);
      setParameter(tx, scope, name, rest);
    });
    return {};
  },
});

const hashOf = (document: string): string => createHash('sha256').update(document).digest('hex');

async function requireShared(tx: ReadTransaction, resourceArn: string, call: Call): Promise<FoundParameter> {
  const reference = resourceArn.startsWith('arn:') ? parseReference(resourceArn, scopeOf(call)) : undefined;
  const found = reference && (await findParameter(tx, call, reference));
  if (found === undefined) throw resourceNotFound();
  return found;
}
