import { iamId } from '../../../base/ids.ts';
import { describePolicy } from '../describe.ts';
import { checkDocument } from '../domain/documents.ts';
import { iamArn } from '../domain/names.ts';
import { mergeTags, tagConditions } from '../domain/tags.ts';
import { errors } from '../errors.ts';
import { managedPolicyCharsMax, policiesPerAccount } from '../limits.ts';
import { given } from '../onEntity.ts';
import { operation } from '../operation.ts';
import { addToCount, findPolicyRow, setPolicyRow, setPolicyVersion, type PolicyRow } from '../store.ts';

export const createPolicy = operation('CreatePolicy', {
  access: (input, call) => ({
    action: 'iam:CreatePolicy',
    resource: iamArn(call.account, 'policy', input.Path ?? '/', given(input.PolicyName)),
    conditions: tagConditions(input.Tags),
  }),
  async handle(input, call, { store, random }) {
    const name = given(input.PolicyName);
    const document = checkManagedDocument(given(input.PolicyDocument));
    const id = iamId(random, 'ANPA');
    const row = await store.transact(async (tx) => {
      if (await findPolicyRow(tx, call.account, name)) throw errors.policyAlreadyExists(name);
      if ((await addToCount(tx, call.account, 'policy', 1)) > policiesPerAccount) throw errors.quotaExceeded('PoliciesPerAccount', policiesPerAccount);
      const created: PolicyRow = {
        name,
        path: input.Path ?? '/',
        id,
        createdAtMs: call.nowMs,
        updatedAtMs: call.nowMs,
        defaultVersion: 1,
        nextVersion: 2,
        versionCount: 1,
        tags: mergeTags([], input.Tags),
        ...(input.Description !== undefined && { description: input.Description }),
      };
      setPolicyRow(tx, call.account, created);
      setPolicyVersion(tx, call.account, created, 1, { document, createdAtMs: call.nowMs });
      return created;
    });
    const tags = row.tags.length > 0 ? { Tags: [...row.tags] } : {};
    return { Policy: { ...describePolicy(call.account, row, { attached: 0, boundary: 0 }), ...tags } };
  },
});

/** Reads the document of a managed policy, with its size checked. */
export function checkManagedDocument(text: string): string {
  const checked = checkDocument(text, 'identity');
  if (checked.chars > managedPolicyCharsMax) throw errors.quotaExceeded('PolicySize', managedPolicyCharsMax);
  return checked.text;
}
