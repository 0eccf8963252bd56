// What using a key needs permission for. On KMS the key's policy must allow: the policies of an account count only where the key
// policy hands the decision to the account (developer guide, "Key policies in AWS KMS"). Grants stand beside the key policy.

import type { AccessRequest } from '../../framework/context.ts';
import type { ReadTransaction } from '../../kv/store.ts';
import type { Caller } from '../../ports/identity.ts';
import type { EncryptionContext } from './domain/encryptionContext.ts';
import { grantCovers, grantIncludes } from './domain/grants.ts';
import { viaServiceName, withGrants } from './domain/keyPolicy.ts';
import type { FoundKey } from './keys.ts';
import { grantsPerCallerMax } from './limits.ts';
import { grantsByGrantee, type GrantRow } from './store.ts';
import type { GivenTag } from './tagging.ts';

/** Who asks. A `Call` fits as it is. */
export interface Asker {
  readonly account: string;
  readonly region: string;
  readonly nowMs: number;
  readonly caller?: Caller | undefined;
  /** The service that asks in the caller's name. */
  readonly viaService?: string;
}

export interface KeyUse {
  /** Without `kms:`. */
  readonly action: string;
  readonly context?: EncryptionContext | undefined;
  readonly conditions?: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Present for operations that a grant can allow, as the grant names them. */
  readonly grantOperation?: string;
  /** What a grant that is to be made would give: a grant can allow no more than it gives itself. */
  readonly passedOn?: Pick<GrantRow, 'operations' | 'constraints'>;
}

export async function accessOf(tx: ReadTransaction, asker: Asker, key: FoundKey, use: KeyUse): Promise<AccessRequest> {
  const action = `kms:${use.action}`;
  const { row } = key;
  const conditions = conditionsOf(asker, key, use);
  // Without a policy of its own a key that does not exist is answered by the caller's policies alone: whether it exists is told to those who may know.
  if (row === undefined) return { action, resource: key.arn, conditions };
  const granted = row.grants > 0 && use.grantOperation !== undefined ? await findGrants(tx, asker, key, use, use.grantOperation) : [];
  return { action, resource: key.arn, conditions, resourcePolicy: withGrants(row.policy, granted, action), resourcePolicyRequired: true };
}

async function findGrants(tx: ReadTransaction, { caller }: Asker, { scope, keyId }: FoundKey, { context, passedOn }: KeyUse, operation: string): Promise<GrantRow[]> {
  const found: GrantRow[] = [];
  for (const principal of principalsOf(caller)) {
    const rows = await grantsByGrantee.list(tx, scope, [keyId, principal], { limit: grantsPerCallerMax });
    found.push(...rows.map(({ row }) => row).filter((grant) => grantCovers(grant, operation, context) && (passedOn === undefined || grantIncludes(grant, passedOn))));
  }
  return found.slice(0, 1);
}

/** The names by which grants can mean a caller. */
export function principalsOf(caller: Caller | undefined): readonly string[] {
  if (caller === undefined || caller.kind === 'anonymous') return [];
  const account = `arn:aws:iam::${caller.account}:root`;
  if (caller.kind === 'root') return [account];
  if (caller.kind === 'user') return [caller.arn, account];
  return [caller.arn, caller.kind === 'role-session' ? caller.roleArn : caller.userArn, account];
}

function conditionsOf(asker: Asker, { row, alias }: FoundKey, { context, conditions }: KeyUse): Record<string, string | readonly string[]> {
  const all: Record<string, string | readonly string[]> = { 'kms:CallerAccount': asker.caller?.account ?? asker.account };
  if (asker.viaService !== undefined) all['kms:ViaService'] = viaServiceName(asker.viaService, asker.region);
  if (alias !== undefined) all['kms:RequestAlias'] = alias;
  if (row) {
    all['kms:KeySpec'] = row.spec;
    all['kms:KeyUsage'] = row.usage;
    all['kms:KeyOrigin'] = row.origin;
    all['kms:MultiRegion'] = String(row.multiRegion !== undefined);
    if (row.multiRegion) all['kms:MultiRegionKeyType'] = row.multiRegion.primaryRegion === asker.region ? 'PRIMARY' : 'REPLICA';
    if (row.aliases.length > 0) all['kms:ResourceAliases'] = row.aliases;
    for (const { TagKey, TagValue } of row.tags) all[`aws:ResourceTag/${TagKey}`] = TagValue;
  }
  if (context) {
    const names = Object.keys(context);
    if (names.length > 0) all['kms:EncryptionContextKeys'] = names;
    for (const name of names) all[`kms:EncryptionContext:${name}`] = context[name] ?? '';
  }
  for (const [name, value] of Object.entries(conditions ?? {})) if (value !== undefined) all[name] = value;
  return all;
}

/** Condition keys of a request that sets tags. */
export function tagConditions(tags: readonly GivenTag[] | undefined): Record<string, string | readonly string[]> {
  if (tags === undefined || tags.length === 0) return {};
  const conditions: Record<string, string | readonly string[]> = { 'aws:TagKeys': tags.map(({ TagKey = '' }) => TagKey) };
  for (const { TagKey = '', TagValue = '' } of tags) conditions[`aws:RequestTag/${TagKey}`] = TagValue;
  return conditions;
}
