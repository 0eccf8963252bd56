import { policyName } from '../domain/keyPolicy.ts';
import { errors } from '../errors.ts';
import { accessKey, askedKey, changeKey, operation } from '../operation.ts';
import { checkPolicy } from '../policies.ts';
import { setKey } from '../store.ts';

// A key has one policy, and it is called `default`.
function requireName(name: string = policyName): void {
  if (name !== policyName) throw errors.noSuchPolicy(name);
}

export const getKeyPolicy = operation('GetKeyPolicy', {
  access: ({ KeyId }, call, deps) => accessKey(deps, call, KeyId, { action: 'GetKeyPolicy' }, { aliases: false }),
  async handle({ KeyId, PolicyName }, call, deps) {
    requireName(PolicyName);
    return { Policy: (await askedKey(deps, call, KeyId)).row.policy, PolicyName: policyName };
  },
});

export const putKeyPolicy = operation('PutKeyPolicy', {
  access: ({ KeyId, BypassPolicyLockoutSafetyCheck: bypass = false }, call, deps) =>
    accessKey(deps, call, KeyId, { action: 'PutKeyPolicy', conditions: { 'kms:BypassPolicyLockoutSafetyCheck': String(bypass) } }, { aliases: false }),
  async handle({ KeyId, PolicyName, Policy = '', BypassPolicyLockoutSafetyCheck: bypass = false }, call, deps) {
    requireName(PolicyName);
    await changeKey(deps, call, KeyId, async (tx, { scope, row, arn }) => {
      setKey(tx, scope, { ...row, policy: checkPolicy(Policy, call, arn, bypass) });
    });
    return {};
  },
});

export const listKeyPolicies = operation('ListKeyPolicies', {
  access: ({ KeyId }, call, deps) => accessKey(deps, call, KeyId, { action: 'ListKeyPolicies' }, { aliases: false }),
  async handle({ KeyId }, call, deps) {
    await askedKey(deps, call, KeyId);
    return { PolicyNames: [policyName], Truncated: false };
  },
});
