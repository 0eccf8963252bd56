// Versions of managed policies: at most five, numbered for good, one of them in force.

import { encodeDocument } from '../domain/documents.ts';
import { pageOfList } from '../domain/paging.ts';
import { errors } from '../errors.ts';
import { policyVersionsMax } from '../limits.ts';
import type { ManagedPolicy } from '../managedPolicies.ts';
import { given } from '../onEntity.ts';
import { changePolicy, viewPolicy } from '../onPolicy.ts';
import { operation } from '../operation.ts';
import { clearPolicyVersion, findPolicyVersion, listPolicyVersions, setPolicyRow, setPolicyVersion } from '../store.ts';
import { checkManagedDocument } from './createPolicy.ts';

const createPolicyVersion = operation(
  'CreatePolicyVersion',
  changePolicy({ action: 'CreatePolicyVersion' }, async ({ tx, row, input, call }) => {
    const document = checkManagedDocument(given(input.PolicyDocument));
    if (row.versionCount >= policyVersionsMax) throw errors.tooManyPolicyVersions(policyVersionsMax);
    const number = row.nextVersion;
    const isDefault = input.SetAsDefault === true;
    setPolicyVersion(tx, call.account, row, number, { document, createdAtMs: call.nowMs });
    setPolicyRow(tx, call.account, {
      ...row,
      nextVersion: number + 1,
      versionCount: row.versionCount + 1,
      defaultVersion: isDefault ? number : row.defaultVersion,
      updatedAtMs: call.nowMs,
    });
    return { PolicyVersion: { VersionId: `v${number}`, IsDefaultVersion: isDefault, CreateDate: new Date(call.nowMs) } };
  }),
);

const setDefaultPolicyVersion = operation(
  'SetDefaultPolicyVersion',
  changePolicy({ action: 'SetDefaultPolicyVersion' }, async ({ tx, row, input, arn, call }) => {
    const { number } = await requireVersion(arn, given(input.VersionId), (wanted) => findPolicyVersion(tx, call.account, row, wanted));
    setPolicyRow(tx, call.account, { ...row, defaultVersion: number, updatedAtMs: call.nowMs });
    return {};
  }),
);

const deletePolicyVersion = operation(
  'DeletePolicyVersion',
  changePolicy({ action: 'DeletePolicyVersion' }, async ({ tx, row, input, arn, call }) => {
    const { number } = await requireVersion(arn, given(input.VersionId), (wanted) => findPolicyVersion(tx, call.account, row, wanted));
    if (number === row.defaultVersion) throw errors.deleteConflict('Cannot delete the default version of a policy.');
    clearPolicyVersion(tx, call.account, row, number);
    setPolicyRow(tx, call.account, { ...row, versionCount: row.versionCount - 1, updatedAtMs: call.nowMs });
    return {};
  }),
);

const getPolicyVersion = operation(
  'GetPolicyVersion',
  viewPolicy({ action: 'GetPolicyVersion' }, async ({ tx, found, input, arn, call }) => {
    const versionId = given(input.VersionId);
    if (found.owner === 'aws') {
      if (versionId !== found.policy.versionId) throw errors.noSuchPolicyVersion(arn, versionId);
      return { PolicyVersion: { Document: encodeDocument(found.policy.document), ...describeManagedVersion(found.policy) } };
    }
    const { row } = found;
    const { number, version } = await requireVersion(arn, versionId, (wanted) => findPolicyVersion(tx, call.account, row, wanted));
    return {
      PolicyVersion: {
        Document: encodeDocument(version.document),
        VersionId: versionId,
        IsDefaultVersion: number === row.defaultVersion,
        CreateDate: new Date(version.createdAtMs),
      },
    };
  }),
);

// DEVIATION: of AWS's own policies only the version in force is known.
const listVersions = operation(
  'ListPolicyVersions',
  viewPolicy({ action: 'ListPolicyVersions' }, async ({ tx, found, input, call }) => {
    const versions =
      found.owner === 'aws'
        ? [{ number: 0, described: describeManagedVersion(found.policy) }]
        : (await listPolicyVersions(tx, call.account, found.row)).map(({ number, createdAtMs }) => ({
            number,
            described: { VersionId: `v${number}`, IsDefaultVersion: number === found.row.defaultVersion, CreateDate: new Date(createdAtMs) },
          }));
    // Newest first.
    const page = await pageOfList(input, versions, ({ number }) => String(Number.MAX_SAFE_INTEGER - number));
    return { Versions: page.items.map(({ described }) => described), ...page.position };
  }),
);

export const policyVersionOperations = {
  CreatePolicyVersion: createPolicyVersion,
  SetDefaultPolicyVersion: setDefaultPolicyVersion,
  DeletePolicyVersion: deletePolicyVersion,
  GetPolicyVersion: getPolicyVersion,
  ListPolicyVersions: listVersions,
};

function describeManagedVersion(policy: ManagedPolicy) {
  return { VersionId: policy.versionId, IsDefaultVersion: true, CreateDate: new Date(policy.updatedAtMs) };
}

async function requireVersion<Version>(arn: string, versionId: string, find: (number: number) => Promise<Version | undefined>) {
  const number = Number(/^v([1-9]\d{0,8})(\.[A-Za-z0-9-]*)?$/.exec(versionId)?.[1] ?? 0);
  const version = await find(number);
  if (version === undefined) throw errors.noSuchPolicyVersion(arn, versionId);
  return { number, version };
}
