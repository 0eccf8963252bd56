// Managed policies by ARN, whether the customer's own or AWS's.

import type { ReadTransaction } from '../../kv/store.ts';
import { parsePolicyArn } from './domain/names.ts';
import { errors } from './errors.ts';
import type { ManagedPolicies, ManagedPolicy } from './managedPolicies.ts';
import { findPolicyRow, nameKey, scopeOf, tables, type PolicyRow } from './store.ts';

export type FoundPolicy = { readonly owner: 'aws'; readonly policy: ManagedPolicy } | { readonly owner: 'customer'; readonly row: PolicyRow };

/** Undefined when there is no such policy in the account; throws when `arn` is not the ARN of a policy at all. */
export async function findPolicy(tx: ReadTransaction, managed: ManagedPolicies, account: string, arn: string): Promise<FoundPolicy | undefined> {
  const parsed = parsePolicyArn(arn);
  if (!parsed) throw errors.invalidArn(arn);
  if (parsed.account === 'aws') {
    const policy = managed.find(arn);
    return policy && { owner: 'aws', policy };
  }
  if (parsed.account !== account) return undefined;
  const row = await findPolicyRow(tx, account, parsed.name);
  return row && row.path === parsed.path ? { owner: 'customer', row } : undefined;
}

/** The text of a policy's default version; undefined when there is no such policy. */
export async function findPolicyDocument(tx: ReadTransaction, managed: ManagedPolicies, account: string, arn: string): Promise<string | undefined> {
  const found = await findPolicy(tx, managed, account, arn);
  if (found?.owner === 'aws') return found.policy.document;
  if (!found) return undefined;
  const version = await tables.policyVersions.get(tx, scopeOf(account), [nameKey(found.row.name), found.row.defaultVersion]);
  return version?.document;
}

/** For attaching and for boundaries. */
export async function requireAttachable(tx: ReadTransaction, managed: ManagedPolicies, account: string, arn: string): Promise<void> {
  if (!(await findPolicy(tx, managed, account, arn))) throw errors.notAttachable(arn);
}
