// Keys: codeSigningConfigs [id] | codeSigningUses [id, function].
import type { CodeSigningConfig } from '@aws-sdk/client-lambda';
import { formatArn, parseArn } from '../../../base/arn.ts';
import type { Call } from '../../../framework/context.ts';
import type { ReadTransaction, Transaction } from '../../../kv/store.ts';
import { defineTable } from '../../../kv/table.ts';
import type { Scope } from '../../../kv/table.ts';
import { errors } from '../errors.ts';

const configs = defineTable<SigningConfigRow>('lambda', 'codeSigningConfigs');
const uses = defineTable<Record<string, never>>('lambda', 'codeSigningUses');

export interface SigningConfigRow {
  readonly id: string;
  readonly description: string;
  readonly publishers: readonly string[];
  readonly policy: 'Warn' | 'Enforce';
  readonly modifiedAtMs: number;
  readonly tags: readonly (readonly [key: string, value: string])[];
}

export const signingConfigArn = ({ account, region }: Scope, id: string): string => formatArn({ service: 'lambda', region, account, resource: `code-signing-config:${id}` });

/** The id in an ARN of the caller's account and region. Throws what each operation says of one that is not there. */
export function signingConfigId(text: string | undefined, { account, region }: Pick<Call, 'account' | 'region'>, missing: (arn: string) => Error = errors.signingConfigNotFound): string {
  const arn = parseArn(text ?? '');
  const id = /^code-signing-config:(csc-[a-z0-9]{17})$/.exec(arn?.resource ?? '')?.[1];
  if (id === undefined || arn?.service !== 'lambda' || arn.account !== account || arn.region !== region) throw missing(text ?? '');
  return id;
}

export async function requireSigningConfig(tx: ReadTransaction, scope: Scope, id: string, missing: (arn: string) => Error = errors.signingConfigNotFound): Promise<SigningConfigRow> {
  const row = await configs.get(tx, scope, [id]);
  if (row === undefined) throw missing(signingConfigArn(scope, id));
  return row;
}

export const setSigningConfig = (tx: Transaction, scope: Scope, row: SigningConfigRow): void => configs.set(tx, scope, [row.id], row);

/** Only where no function uses it: whoever begins to use it meets this. */
export async function clearSigningConfig(tx: Transaction, scope: Scope, id: string): Promise<void> {
  tx.guard(uses.key(scope, [id]));
  if ((await uses.list(tx, scope, [id], { limit: 1 })).length > 0) throw errors.signingConfigInUse();
  configs.clear(tx, scope, [id]);
}

export const listSigningConfigs = async (tx: ReadTransaction, scope: Scope, page: { readonly limit: number; readonly after: string | undefined }): Promise<SigningConfigRow[]> =>
  (await configs.list(tx, scope, [], { limit: page.limit, ...(page.after === undefined ? {} : { after: [page.after] }) })).map(({ row }) => row);

export function addSigningUse(tx: Transaction, scope: Scope, id: string, functionName: string): void {
  tx.guard(uses.key(scope, [id]));
  uses.set(tx, scope, [id, functionName], {});
}

export const clearSigningUse = (tx: Transaction, scope: Scope, id: string, functionName: string): void => uses.clear(tx, scope, [id, functionName]);

/** Names of the functions that use it. */
export const listSigningUses = async (tx: ReadTransaction, scope: Scope, id: string, page: { readonly limit: number; readonly after: string | undefined }): Promise<string[]> =>
  (await uses.list(tx, scope, [id], { limit: page.limit, ...(page.after === undefined ? {} : { after: [id, page.after] }) })).map(({ parts }) => String(parts[1]));

export const describeSigningConfig = (scope: Scope, row: SigningConfigRow): CodeSigningConfig => ({
  CodeSigningConfigId: row.id,
  CodeSigningConfigArn: signingConfigArn(scope, row.id),
  Description: row.description,
  AllowedPublishers: { SigningProfileVersionArns: [...row.publishers] },
  CodeSigningPolicies: { UntrustedArtifactOnDeployment: row.policy },
  LastModified: new Date(row.modifiedAtMs).toISOString().replace('Z', '+0000'),
});
