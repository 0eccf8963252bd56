// The shape of operations that name a managed policy by its ARN, as onEntity.ts is for roles, users and groups.

import type { AccessRequest, Call } from '../../framework/context.ts';
import type { Operation } from '../../framework/service.ts';
import type { ReadTransaction, Transaction } from '../../kv/store.ts';
import { parsePolicyArn } from './domain/names.ts';
import { errors } from './errors.ts';
import { given } from './onEntity.ts';
import type { IamDeps } from './operation.ts';
import { findPolicy, type FoundPolicy } from './policies.ts';
import { findPolicyRow, type PolicyRow } from './store.ts';

interface PolicyInput {
  readonly PolicyArn: string | undefined;
}

interface PolicyTarget<In> {
  /** The operation's name: its permission is `iam:<action>`. */
  readonly action: string;
  readonly conditions?: (input: In) => Readonly<Record<string, string | readonly string[]>>;
}

interface PolicyWork<In, Tx> {
  readonly tx: Tx;
  readonly input: In;
  readonly arn: string;
  readonly call: Call;
  readonly deps: IamDeps;
}

/** An operation that changes a customer managed policy. AWS's own can be changed by nobody. */
export function changePolicy<In extends PolicyInput, Out>(
  target: PolicyTarget<In>,
  work: (at: PolicyWork<In, Transaction> & { readonly row: PolicyRow }) => Promise<Out>,
): Operation<In, Out, IamDeps> {
  return {
    access: (input, call, deps) => accessTo(target, input, call, deps),
    handle: (input, call, deps) =>
      deps.store.transact(async (tx) => {
        const arn = given(input.PolicyArn);
        const found = await requirePolicy(tx, deps, call, target.action, arn);
        if (found.owner === 'aws') throw errors.accessDenied(foreignPolicy(call, target.action, arn));
        return await work({ tx, row: found.row, input, arn, call, deps });
      }),
  };
}

/** An operation that reads a managed policy, AWS's own included. */
export function viewPolicy<In extends PolicyInput, Out>(
  target: PolicyTarget<In>,
  work: (at: PolicyWork<In, ReadTransaction> & { readonly found: FoundPolicy }) => Promise<Out>,
): Operation<In, Out, IamDeps> {
  return {
    access: (input, call, deps) => accessTo(target, input, call, deps),
    handle: (input, call, deps) =>
      deps.store.read(async (tx) => {
        const arn = given(input.PolicyArn);
        return await work({ tx, found: await requirePolicy(tx, deps, call, target.action, arn), input, arn, call, deps });
      }),
  };
}

async function requirePolicy(tx: ReadTransaction, deps: IamDeps, call: Call, action: string, arn: string): Promise<FoundPolicy> {
  const owner = parsePolicyArn(arn)?.account ?? 'aws';
  if (owner !== 'aws' && owner !== call.account) throw errors.accessDenied(foreignPolicy(call, action, arn));
  const found = await findPolicy(tx, deps.managedPolicies, call.account, arn);
  if (!found) throw errors.noSuchPolicy(arn);
  return found;
}

async function accessTo<In extends PolicyInput>(target: PolicyTarget<In>, input: In, call: Call, deps: IamDeps): Promise<AccessRequest> {
  const resource = given(input.PolicyArn);
  const parsed = parsePolicyArn(resource);
  const row = parsed?.account === call.account ? await deps.store.read((tx) => findPolicyRow(tx, call.account, parsed.name)) : undefined;
  const conditions: Record<string, string | readonly string[]> = { ...target.conditions?.(input) };
  for (const { Key, Value } of row?.tags ?? []) conditions[`aws:ResourceTag/${Key}`] = conditions[`iam:ResourceTag/${Key}`] = Value;
  return { action: `iam:${target.action}`, resource, conditions };
}

function foreignPolicy(call: Call, action: string, arn: string): string {
  const who = call.caller.kind === 'anonymous' ? 'anonymous' : call.caller.arn;
  return `User: ${who} is not authorized to perform: iam:${action} on resource: policy ${arn}`;
}
