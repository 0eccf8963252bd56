import type { Call } from '../../framework/context.ts';
import { contextOf } from '../../policy/context.ts';
import { compileApplicable } from '../../policy/decide.ts';
import { evaluate } from '../../policy/evaluate.ts';
import { parsePolicy } from '../../policy/parsePolicy.ts';
import { createPolicyCache } from '../../policy/policyCache.ts';
import type { RequestPrincipal } from '../../policy/types.ts';
import { errors } from './errors.ts';
import { policyBytesMax } from './limits.ts';

/**
 * Checks a key policy before it is stored: its form, its size, and that whoever sets it can set the next one (developer guide,
 * "Default key policy", lockout safety check).
 */
export function checkPolicy(text: string, call: Call, arn: string, bypassLockoutCheck: boolean): string {
  if (Buffer.byteLength(text) > policyBytesMax) throw errors.limitExceeded(`The key policy is larger than ${policyBytesMax} bytes.`);
  const parsed = parsePolicy(text, 'resource');
  if ('problem' in parsed) throw errors.malformedPolicy(parsed.problem);
  const { statements } = parsed.policy;
  if (statements.some(({ resources }) => resources === undefined)) throw errors.malformedPolicy('Policy contains a statement with no resource.');
  if (statements.some(({ principals }) => [...(principals?.identities ?? [])].some((name) => !principalForm.test(name)))) {
    throw errors.malformedPolicy('Policy contains a statement with one or more invalid principals.');
  }
  // The account's root stands for its administrators, who can let anybody in it set the policy.
  const root: RequestPrincipal = { kind: 'root', account: call.account, arn: `arn:aws:iam::${call.account}:root` };
  const principals: RequestPrincipal[] = call.caller.kind === 'anonymous' ? [root] : [call.caller, root];
  const policies = compileApplicable(createPolicyCache(), { identity: [], resource: { source: arn, document: text }, resourceRequired: true });
  const keeps = principals.some((principal) => {
    const context = contextOf({ principal, nowMs: call.nowMs, region: call.region, keys: { 'kms:CallerAccount': call.account } });
    const request = { principal, action: 'kms:PutKeyPolicy', resource: arn, context };
    return evaluate(request, policies).decision === 'allow';
  });
  if (!keeps && !bypassLockoutCheck) throw errors.lockOut();
  return text;
}

const principalForm = /^(arn:aws[a-z-]*:(iam|sts)::\d{12}:(root|user\/.+|role\/.+|assumed-role\/.+|federated-user\/.+)|A[A-Z0-9]{15,})$/;
