import { hexId } from '../../../base/ids.ts';
import { principalsOf } from '../access.ts';
import { algorithmsOf } from '../domain/keySpecs.ts';
import { requireEnabled } from '../domain/keyState.ts';
import { keyArn } from '../domain/keyReference.ts';
import { errors } from '../errors.ts';
import { makeGrantToken, readGrantToken } from '../grantTokens.ts';
import { requireKey, type ExistingKey } from '../keys.ts';
import { grantConstraintBytesMax, grantConstraintPairsMax, grantsPerCallerMax, grantsPerKey, itemsPerPage } from '../limits.ts';
import { accessKey, accountAccess, askedKey, finishChecks, operation, type KmsContext } from '../operation.ts';
import { pageOf } from '../paging.ts';
import { clearGrant, grants, grantsByGrantee, grantsByRetiree, keys, setGrant, setKey, type GrantConstraints, type GrantRow } from '../store.ts';
import type { Call } from '../../../framework/context.ts';
import type { ReadTransaction, Transaction } from '../../../kv/store.ts';
import type { Scope } from '../../../kv/table.ts';

interface GivenConstraints {
  readonly EncryptionContextSubset?: Record<string, string> | undefined;
  readonly EncryptionContextEquals?: Record<string, string> | undefined;
}

const constraintTypes = (constraints: GivenConstraints | undefined): string[] =>
  Object.entries(constraints ?? {}).flatMap(([name, value]) => (value === undefined ? [] : [name]));

export const createGrant = operation('CreateGrant', {
  access: (input, call, deps) =>
    accessKey(
      deps,
      call,
      input.KeyId,
      {
        action: 'CreateGrant',
        grantOperation: 'CreateGrant',
        passedOn: { operations: input.Operations ?? [], constraints: checkConstraints(input.Constraints) },
        conditions: {
          'kms:GrantOperations': input.Operations,
          'kms:GranteePrincipal': input.GranteePrincipal,
          'kms:RetiringPrincipal': input.RetiringPrincipal,
          'kms:GrantConstraintType': constraintTypes(input.Constraints)[0],
          'kms:GrantIsForAWSResource': 'false',
        },
      },
      { aliases: false },
    ),
  async handle(input, call, deps) {
    const { Operations = [], GranteePrincipal: grantee = '', RetiringPrincipal: retiree } = input;
    refuseServicePrincipals(input);
    for (const principal of [grantee, ...(retiree === undefined ? [] : [retiree])]) if (!principalForm.test(principal)) throw errors.invalidArn(principal);
    const constraints = checkConstraints(input.Constraints);
    const asked = await askedKey(deps, call, input.KeyId);
    requireEnabled(asked.row, asked.arn, call.nowMs);
    requireOperations(asked, Operations, constraints);
    finishChecks(deps, input);
    const draft: GrantRow = {
      id: hexId(deps.random, 64),
      keyId: asked.keyId,
      grantee,
      retiree,
      operations: [...Operations],
      constraints,
      name: input.Name,
      createdAtMs: call.nowMs,
      issuer: `arn:aws:iam::${call.account}:root`,
    };
    const grantId = await deps.store.transact(async (tx) => {
      const { scope, row } = await requireKey(tx, call, asked.arn, { nowMs: call.nowMs, aliases: false });
      const known = draft.name === undefined ? [] : await grantsByGrantee.list(tx, scope, [row.id, grantee], { limit: grantsPerCallerMax });
      // "If the name and all other parameters are the same, the existing grant is answered" (API reference, Name).
      const same = known.find(({ row: other }) => isSame(other, draft));
      if (same) return same.row.id;
      if (row.grants >= grantsPerKey) throw errors.limitExceeded(`Grants quota for this key is ${grantsPerKey}.`);
      setGrant(tx, scope, draft);
      setKey(tx, scope, { ...row, grants: row.grants + 1 });
      return draft.id;
    });
    return { GrantId: grantId, GrantToken: makeGrantToken(deps.vault, { ...asked.scope, keyId: asked.keyId, grantId }) };
  },
});

export const listGrants = operation('ListGrants', {
  access: ({ KeyId }, call, deps) => accessKey(deps, call, KeyId, { action: 'ListGrants' }, { aliases: false }),
  async handle(input, call, deps) {
    const { scope, keyId, arn } = await askedKey(deps, call, input.KeyId);
    const { GrantId: wanted, GranteePrincipal: grantee } = input;
    if ((input as { readonly GranteeServicePrincipal?: string }).GranteeServicePrincipal !== undefined) return { Grants: [], Truncated: false };
    if (wanted !== undefined) {
      const grant = await deps.store.read((tx) => requireGrant(tx, scope, keyId, wanted));
      return { Grants: grantee === undefined || grant.grantee === grantee ? [describeGrant(grant, arn)] : [], Truncated: false };
    }
    const [table, prefix] = grantee === undefined ? [grants, [keyId]] : [grantsByGrantee, [keyId, grantee]];
    const { items, end } = await pageOf(
      input,
      itemsPerPage,
      async (after, limit) => {
        const rows = await deps.store.read((tx) => table.list(tx, scope, prefix, { limit, ...(after !== undefined && { after: [...prefix, after] }) }));
        return rows.map(({ row }) => row);
      },
      ({ id }) => id,
    );
    return { Grants: items.map((grant) => describeGrant(grant, arn)), ...end };
  },
});

export const listRetirableGrants = operation('ListRetirableGrants', {
  access: accountAccess('ListRetirableGrants'),
  async handle(input, call, { store }) {
    const { RetiringPrincipal: retiree } = input;
    if (retiree === undefined) throw errors.validation('RetiringPrincipal is required: services retire no grants here.');
    const { items, end } = await pageOf(
      input,
      itemsPerPage,
      (after, limit) =>
        store.read(async (tx) => {
          const position = after === undefined ? undefined : [retiree, ...after.split('/')];
          const rows = await grantsByRetiree.list(tx, call, [retiree], { limit, ...(position && { after: position }) });
          return await Promise.all(rows.map(async ({ parts }) => ({ place: `${String(parts[1])}/${String(parts[2])}`, grant: await grants.get(tx, call, [parts[1] ?? '', parts[2] ?? '']) })));
        }),
      ({ place }) => place,
    );
    return { Grants: items.flatMap(({ grant }) => (grant ? [describeGrant(grant, keyArn(call, grant.keyId))] : [])), ...end };
  },
});

export const revokeGrant = operation('RevokeGrant', {
  access: ({ KeyId }, call, deps) => accessKey(deps, call, KeyId, { action: 'RevokeGrant', conditions: { 'kms:GrantIsForAWSResource': 'false' } }, { aliases: false }),
  async handle({ KeyId, GrantId = '', DryRun }, call, deps) {
    const { scope, keyId } = await askedKey(deps, call, KeyId);
    await removeGrant(deps, { scope, keyId, grantId: GrantId, DryRun });
    return {};
  },
});

interface RetireInput {
  readonly GrantToken?: string | undefined;
  readonly KeyId?: string | undefined;
  readonly GrantId?: string | undefined;
}

// Who may retire a grant is said in the grant: its retiring principal, or its grantee where it allows RetireGrant (developer guide,
// "Retiring and revoking grants"). For everybody else the key's policy decides.
export const retireGrant = operation('RetireGrant', {
  async access(input, call, deps) {
    const { scope, keyId, grantId } = grantPlace(input, call, deps);
    const grant = await deps.store.read((tx) => grants.get(tx, scope, [keyId, grantId]));
    const own = principalsOf(call.caller).slice(0, -1).concat(call.caller.kind === 'root' ? principalsOf(call.caller) : []);
    const mayRetire = grant !== undefined && ((grant.retiree !== undefined && own.includes(grant.retiree)) || (grant.operations.includes('RetireGrant') && own.includes(grant.grantee)));
    return mayRetire ? [] : await accessKey(deps, call, keyArn(scope, keyId), { action: 'RetireGrant' }, { aliases: false });
  },
  async handle(input, call, deps) {
    await removeGrant(deps, { ...grantPlace(input, call, deps), DryRun: input.DryRun });
    return {};
  },
});

function grantPlace({ GrantToken, KeyId, GrantId }: RetireInput, call: Call, { vault }: KmsContext): { scope: Scope; keyId: string; grantId: string } {
  if (GrantToken !== undefined) {
    const { account, region, keyId, grantId } = readGrantToken(vault, GrantToken);
    if (region !== call.region) throw errors.invalidGrantToken();
    return { scope: { account, region }, keyId, grantId };
  }
  if (KeyId === undefined || GrantId === undefined) throw errors.validation('You must specify either a grant token, or both a key ID and a grant ID.');
  // "The key ARN of the KMS key" (API reference): a key id alone is refused.
  const match = /^arn:aws[a-z-]*:kms:([a-z0-9-]+):(\d{12}):key\/(.+)$/.exec(KeyId);
  if (!match) throw errors.invalidArn(KeyId);
  const [, region = '', account = '', keyId = ''] = match;
  if (region !== call.region) throw errors.wrongRegion(region);
  return { scope: { account, region }, keyId, grantId: GrantId };
}

async function removeGrant({ store }: KmsContext, removal: { readonly scope: Scope; readonly keyId: string; readonly grantId: string; readonly DryRun: boolean | undefined }): Promise<void> {
  const { scope, keyId, grantId } = removal;
  await store.transact(async (tx: Transaction) => {
    const grant = await requireGrant(tx, scope, keyId, grantId);
    if (removal.DryRun === true) throw errors.dryRun();
    clearGrant(tx, scope, grant);
    const row = await keys.get(tx, scope, [keyId]);
    if (row) setKey(tx, scope, { ...row, grants: row.grants - 1 });
  });
}

async function requireGrant(tx: ReadTransaction, scope: Scope, keyId: string, grantId: string): Promise<GrantRow> {
  const grant = await grants.get(tx, scope, [keyId, grantId]);
  if (!grant) throw errors.noSuchGrant(grantId);
  return grant;
}

const principalForm = /^(arn:aws[a-z-]*:(iam|sts)::\d{12}:(root|user\/.+|role\/.+|assumed-role\/.+|federated-user\/.+))$/;

/** DEVIATION: grants to service principals are made by AWS's services only, and those here hold none. */
function refuseServicePrincipals(input: { readonly GranteePrincipal?: string | undefined; readonly GranteeServicePrincipal?: string | undefined; readonly RetiringServicePrincipal?: string | undefined }): void {
  if (input.GranteeServicePrincipal !== undefined || input.RetiringServicePrincipal !== undefined) throw errors.validation('Grants to service principals are not supported.');
  if (input.GranteePrincipal === undefined) throw errors.validation('GranteePrincipal is required.');
}

function checkConstraints(given: GivenConstraints | undefined): GrantConstraints | undefined {
  if (given === undefined) return undefined;
  if ('SourceArn' in given && given.SourceArn !== undefined) throw errors.validation('The grant constraint SourceArn is not supported.');
  const { EncryptionContextSubset: subset, EncryptionContextEquals: equals } = given;
  for (const context of [subset, equals]) {
    const pairs = Object.entries(context ?? {});
    const bytes = pairs.reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value), 0);
    if (pairs.length > grantConstraintPairsMax || bytes > grantConstraintBytesMax) throw errors.validation('The encryption context of a grant constraint is too large.');
  }
  if (subset === undefined && equals === undefined) return undefined;
  return { ...(subset && { EncryptionContextSubset: subset }), ...(equals && { EncryptionContextEquals: equals }) };
}

const symmetricOperations = ['Encrypt', 'Decrypt', 'GenerateDataKey', 'GenerateDataKeyWithoutPlaintext', 'GenerateDataKeyPair', 'GenerateDataKeyPairWithoutPlaintext', 'ReEncryptFrom', 'ReEncryptTo'];
const rsaOperations = ['Encrypt', 'Decrypt', 'ReEncryptFrom', 'ReEncryptTo', 'GetPublicKey'];
const everyKeysOperations = ['CreateGrant', 'RetireGrant', 'DescribeKey'];

/** Grants name only what the key can do (developer guide, "Grant operations"). */
function requireOperations({ row }: ExistingKey, operations: readonly string[], constraints: GrantConstraints | undefined): void {
  if (operations.length === 0) throw errors.validation('A grant needs at least one operation.');
  const own = {
    ENCRYPT_DECRYPT: row.spec === 'SYMMETRIC_DEFAULT' ? symmetricOperations : rsaOperations,
    SIGN_VERIFY: ['Sign', 'Verify', 'GetPublicKey'],
    GENERATE_VERIFY_MAC: ['GenerateMac', 'VerifyMac'],
    KEY_AGREEMENT: ['DeriveSharedSecret', 'GetPublicKey'],
  }[row.usage];
  const wrong = operations.find((name) => !own.includes(name) && !everyKeysOperations.includes(name));
  if (wrong !== undefined) throw errors.validation(`Operation ${wrong} is not valid for a key with usage ${row.usage} and spec ${row.spec}.`);
  if (constraints && algorithmsOf(row.spec, row.usage).EncryptionAlgorithms?.[0] !== 'SYMMETRIC_DEFAULT') {
    throw errors.validation('Grant constraints are supported for symmetric encryption KMS keys only.');
  }
}

function isSame(a: GrantRow, b: GrantRow): boolean {
  const comparable = ({ id: _id, createdAtMs: _at, ...rest }: GrantRow): string => JSON.stringify(rest, Object.keys(rest).sort()) + JSON.stringify(rest.constraints ?? {});
  return a.name === b.name && comparable(a) === comparable(b);
}

function describeGrant(grant: GrantRow, arn: string) {
  const { id, grantee, retiree, operations, constraints, name, createdAtMs, issuer } = grant;
  return {
    KeyId: arn,
    GrantId: id,
    Name: name ?? '',
    CreationDate: new Date(createdAtMs),
    GranteePrincipal: grantee,
    ...(retiree !== undefined && { RetiringPrincipal: retiree }),
    IssuingAccount: issuer,
    Operations: [...operations] as never[],
    ...(constraints && { Constraints: constraints }),
  };
}
