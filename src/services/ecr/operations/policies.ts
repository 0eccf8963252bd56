import { resourcePolicyProblem } from '../../../framework/resourcePolicy.ts';
import { errors } from '../errors.ts';
import { policyCharsMax } from '../limits.ts';
import { accessTo, operation, requireRepository, scopeOf } from '../operation.ts';
import { policies } from '../store.ts';

export const setRepositoryPolicy = operation('SetRepositoryPolicy', {
  access: accessTo('SetRepositoryPolicy'),
  async handle({ repositoryName: name = '', registryId, policyText = '' }, call, { store }) {
    const scope = scopeOf(call, registryId);
    const problem = policyText.length > policyCharsMax ? `longer than ${policyCharsMax} characters` : resourcePolicyProblem(withAnyResource(policyText));
    if (problem !== undefined) throw errors.invalidParameter("'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'");
    await store.transact(async (tx) => {
      const { row } = await requireRepository(tx, scope, name);
      policies.set(tx, scope, [row.id], { document: policyText });
    });
    return { registryId: scope.account, repositoryName: name, policyText };
  },
});

export const getRepositoryPolicy = operation('GetRepositoryPolicy', {
  access: accessTo('GetRepositoryPolicy'),
  async handle({ repositoryName: name = '', registryId }, call, { store }) {
    const scope = scopeOf(call, registryId);
    const policy = await store.read(async (tx) => policies.get(tx, scope, [(await requireRepository(tx, scope, name)).row.id]));
    if (policy === undefined) throw errors.policyNotFound(name, scope.account);
    return { registryId: scope.account, repositoryName: name, policyText: policy.document };
  },
});

export const deleteRepositoryPolicy = operation('DeleteRepositoryPolicy', {
  access: accessTo('DeleteRepositoryPolicy'),
  async handle({ repositoryName: name = '', registryId }, call, { store }) {
    const scope = scopeOf(call, registryId);
    return store.transact(async (tx) => {
      const { row } = await requireRepository(tx, scope, name);
      const policy = await policies.get(tx, scope, [row.id]);
      if (policy === undefined) throw errors.policyNotFound(name, scope.account);
      policies.clear(tx, scope, [row.id]);
      return { registryId: scope.account, repositoryName: name, policyText: policy.document };
    });
  },
});

// Statements of repository policies name no resource; the language of other policies wants one.
function withAnyResource(text: string): string {
  try {
    const policy = JSON.parse(text) as { Statement?: unknown };
    const statements = Array.isArray(policy.Statement) ? policy.Statement : [policy.Statement];
    return JSON.stringify({ ...policy, Statement: statements.map((statement: unknown) => (typeof statement === 'object' && statement !== null && !('Resource' in statement) && !('NotResource' in statement) ? { ...statement, Resource: '*' } : statement)) });
  } catch {
    return text;
  }
}
