import { resourcePolicyProblem } from '../../../framework/resourcePolicy.ts';
import { formatListToken, parseListToken } from '../domain/tokens.ts';
import { invalidParameter, limitExceeded, resourceNotFound, unsupported } from '../errors.ts';
import { describeItemsDefault, resourcePoliciesMax, resourcePolicyCharactersMax } from '../limits.ts';
import { accountAccess, operation, scopeOf } from '../operation.ts';
import { resourcePolicies } from '../store.ts';
import type { ResourcePolicyRow } from '../store.ts';

// Policies of an account and region, which say what services may write to its log groups.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutResourcePolicy.html

export const putResourcePolicy = operation('PutResourcePolicy', {
  access: () => accountAccess('PutResourcePolicy'),
  async handle({ policyName, policyDocument = '', resourceArn, expectedRevisionId }, call, { store }) {
    if (resourceArn !== undefined || expectedRevisionId !== undefined) throw unsupported('A policy of one log group');
    if (policyName === undefined || policyName === '') throw invalidParameter('Resource policy name must be specified.');
    if (policyDocument.length > resourcePolicyCharactersMax) throw limitExceeded();
    const problem = resourcePolicyProblem(policyDocument);
    if (problem !== undefined) throw invalidParameter(`Invalid policy document: ${problem}`);
    const scope = scopeOf(call);
    const row = { document: policyDocument, updatedAtMs: call.nowMs };
    await store.transact(async (tx) => {
      // Two that come at once must not both be the tenth.
      tx.guard(resourcePolicies.key(scope, []));
      const known = await resourcePolicies.get(tx, scope, [policyName]);
      if (!known && (await resourcePolicies.list(tx, scope, [], { limit: resourcePoliciesMax })).length >= resourcePoliciesMax) throw limitExceeded();
      resourcePolicies.set(tx, scope, [policyName], row);
    });
    return { resourcePolicy: describe(policyName, row) };
  },
});

export const describeResourcePolicies = operation('DescribeResourcePolicies', {
  access: () => accountAccess('DescribeResourcePolicies'),
  async handle({ nextToken, limit = describeItemsDefault, resourceArn, policyScope = 'ACCOUNT' }, call, { store }) {
    if (resourceArn !== undefined || policyScope !== 'ACCOUNT') return { resourcePolicies: [] };
    const after = nextToken === undefined ? undefined : parseListToken('resourcePolicies', nextToken, ['string']);
    const found = await store.read((tx) => resourcePolicies.list(tx, scopeOf(call), [], { limit: limit + 1, ...(after ? { after } : {}) }));
    const page = found.slice(0, limit).map(({ parts, row }) => describe(String(parts[0]), row));
    const last = found.length > limit ? page.at(-1) : undefined;
    return { resourcePolicies: page, ...(last ? { nextToken: formatListToken('resourcePolicies', [last.policyName]) } : {}) };
  },
});

export const deleteResourcePolicy = operation('DeleteResourcePolicy', {
  access: () => accountAccess('DeleteResourcePolicy'),
  async handle({ policyName = '', resourceArn, expectedRevisionId }, call, { store }) {
    if (resourceArn !== undefined || expectedRevisionId !== undefined) throw resourceNotFound();
    const scope = scopeOf(call);
    await store.transact(async (tx) => {
      if (!(await resourcePolicies.get(tx, scope, [policyName]))) throw resourceNotFound();
      resourcePolicies.clear(tx, scope, [policyName]);
    });
    return {};
  },
});

const describe = (policyName: string, { document, updatedAtMs }: ResourcePolicyRow) => ({ policyName, policyDocument: document, lastUpdatedTime: updatedAtMs, policyScope: 'ACCOUNT' as const });
