import { formatArn } from '../../../base/arn.ts';
import { resourcePolicyProblem } from '../../../framework/resourcePolicy.ts';
import { isPublicPolicy } from '../domain/policyChecks.ts';
import { malformedPolicy, publicPolicy, unsupported } from '../errors.ts';
import { policyCharsMax } from '../limits.ts';
import { requireLive, requirePrimary, requireSecret, secretAccess } from '../lookup.ts';
import { operation } from '../operation.ts';
import { changedEverywhere } from '../replication.ts';
import { findPolicy, policies, setSecret } from '../store.ts';

export const putResourcePolicy = operation('PutResourcePolicy', {
  access: ({ SecretId = '', BlockPublicPolicy }, call, deps) => secretAccess('PutResourcePolicy', SecretId, call, deps, { BlockPublicPolicy }),
  async handle(input, call, deps) {
    const { SecretId = '', ResourcePolicy: document = '', BlockPublicPolicy: blocked = false } = input;
    refuseNamed(input);
    const problem = problemOf(document);
    if (problem !== undefined) throw malformedPolicy(problem);
    if (blocked && isPublicPolicy(document)) throw publicPolicy();
    return deps.store.transact(async (tx) => {
      const found = await requirePrimary(tx, call, SecretId);
      const secret = { ...found.secret, hasPolicy: true as const, changedAtMs: call.nowMs };
      policies.set(tx, found.scope, [secret.id], { document });
      setSecret(tx, found.scope, found.name, secret);
      changedEverywhere(tx, { ...found, secret }, deps);
      return { ARN: found.arn, Name: found.name };
    });
  },
});

export const getResourcePolicy = operation('GetResourcePolicy', {
  access: ({ SecretId = '' }, call, deps) => secretAccess('GetResourcePolicy', SecretId, call, deps),
  async handle(input, call, { store }) {
    refuseNamed(input);
    return store.read(async (tx) => {
      const found = await requireLive(tx, call, input.SecretId ?? '');
      const document = await findPolicy(tx, found.scope, found.secret);
      return { ARN: found.arn, Name: found.name, ...(document === undefined ? {} : { ResourcePolicy: document }) };
    });
  },
});

export const deleteResourcePolicy = operation('DeleteResourcePolicy', {
  access: ({ SecretId = '' }, call, deps) => secretAccess('DeleteResourcePolicy', SecretId, call, deps),
  async handle(input, call, deps) {
    refuseNamed(input);
    return deps.store.transact(async (tx) => {
      const found = await requirePrimary(tx, call, input.SecretId ?? '');
      const { hasPolicy: _had, ...rest } = found.secret;
      const secret = { ...rest, changedAtMs: call.nowMs };
      policies.clear(tx, found.scope, [secret.id]);
      setSecret(tx, found.scope, found.name, secret);
      changedEverywhere(tx, { ...found, secret }, deps);
      return { ARN: found.arn, Name: found.name };
    });
  },
});

export const validateResourcePolicy = operation('ValidateResourcePolicy', {
  access: async ({ SecretId }, call, deps) => {
    const anySecret = formatArn({ service: 'secretsmanager', region: call.region, account: call.account, resource: 'secret:*' });
    // API reference: "secretsmanager:ValidateResourcePolicy and secretsmanager:PutResourcePolicy".
    return SecretId === undefined ? { action: 'secretsmanager:ValidateResourcePolicy', resource: anySecret } : [await secretAccess('ValidateResourcePolicy', SecretId, call, deps), await secretAccess('PutResourcePolicy', SecretId, call, deps)];
  },
  async handle({ SecretId, ResourcePolicy: document = '' }, call, { store }) {
    if (SecretId !== undefined) await store.read((tx) => requireSecret(tx, call, SecretId));
    const problem = problemOf(document);
    const errors =
      problem !== undefined
        ? [{ CheckName: 'Syntax', ErrorMessage: problem }]
        : isPublicPolicy(document)
          ? [{ CheckName: 'PublicPolicy', ErrorMessage: publicPolicy().message }]
          : [];
    return { PolicyValidationPassed: errors.length === 0, ValidationErrors: errors };
  },
});

function problemOf(document: string): string | undefined {
  if (document.length > policyCharsMax) return `The policy is longer than ${policyCharsMax} characters.`;
  return resourcePolicyProblem(document) === undefined ? undefined : 'This resource policy contains a syntax error.';
}

// Named policies came with cross-account replication, which is not there.
function refuseNamed(input: object): void {
  if ('PolicyName' in input && input.PolicyName !== undefined) throw unsupported('PolicyName');
}
