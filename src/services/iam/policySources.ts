// The policies of an entity as the simulator and access reports name them.

import type { ReadTransaction } from '../../kv/store.ts';
import { parseArn } from '../../base/arn.ts';
import { parsePolicyArn } from './domain/names.ts';
import { errors } from './errors.ts';
import type { ManagedPolicies } from './managedPolicies.ts';
import { findPolicyDocument } from './policies.ts';
import { findEntity, listInlinePolicies, type EntityKind, type EntityRow } from './store.ts';

export interface PolicySource {
  /** The simulator's name: that of a managed policy, or `role_<role>_<policy>` for an inline one. */
  readonly id: string;
  readonly name: string;
  /** Of managed policies. */
  readonly arn: string | undefined;
  readonly owner: { readonly kind: EntityKind; readonly name: string };
  readonly document: string;
}

/** Everything attached to an entity or written into it, for a user with what its groups bring. */
export async function listPolicySources(tx: ReadTransaction, managed: ManagedPolicies, account: string, row: EntityRow): Promise<PolicySource[]> {
  const sources = await ownSources(tx, managed, account, row);
  for (const name of row.kind === 'user' ? row.groups : []) {
    const group = await findEntity(tx, account, 'group', name);
    if (group) sources.push(...(await ownSources(tx, managed, account, group)));
  }
  return sources;
}

async function ownSources(tx: ReadTransaction, managed: ManagedPolicies, account: string, row: EntityRow): Promise<PolicySource[]> {
  const owner = { kind: row.kind, name: row.name };
  const sources: PolicySource[] = [];
  for (const arn of row.attached) {
    const name = parsePolicyArn(arn)?.name ?? arn;
    const document = await findPolicyDocument(tx, managed, account, arn);
    if (document !== undefined) sources.push({ id: name, name, arn, owner, document });
  }
  for (const { name, document } of await listInlinePolicies(tx, account, row)) {
    sources.push({ id: `${row.kind}_${row.name}_${name}`, name, arn: undefined, owner, document });
  }
  return sources;
}

/** Kind and name in the ARN of a user, role or group; throws InvalidInput for anything else. */
export function requireEntityArn(text: string): { readonly kind: EntityKind; readonly account: string; readonly name: string } {
  const arn = parseArn(text);
  const match = /^(role|user|group)\/(?:.*\/)?([^/]+)$/.exec(arn?.resource ?? '');
  if (arn?.service !== 'iam' || !match) throw errors.invalidArn(text);
  return { kind: match[1] as EntityKind, account: arn.account, name: match[2] ?? '' };
}

/** The entity that an ARN of the account names. */
export async function requireEntityByArn(tx: ReadTransaction, account: string, text: string): Promise<EntityRow> {
  const { kind, account: owner, name } = requireEntityArn(text);
  const row = owner === account ? await findEntity(tx, account, kind, name) : undefined;
  if (!row) throw errors.noSuchEntity(kind, name);
  return row;
}
