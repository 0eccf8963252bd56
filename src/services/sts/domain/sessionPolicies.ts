import { parsePolicy } from '../../../policy/parsePolicy.ts';
import type { PolicyText, SessionIssuer } from '../../../ports/identity.ts';
import { errors } from '../errors.ts';
import { sessionPolicyArnsMax, sessionPolicyCharsMax } from '../limits.ts';

/** The members of a request that narrow the session it asks for. */
export interface SessionPolicyInput {
  readonly Policy?: string | undefined;
  readonly PolicyArns?: readonly { readonly arn?: string | undefined }[] | undefined;
}

interface NarrowedSession {
  readonly policies: readonly PolicyText[];
  /** What STS answers as PackedPolicySize. */
  readonly packedPercent: number;
}

/** The policies passed with a session, or undefined when none were. They are fixed here: later changes of a managed policy do not reach the session. */
export async function readSessionPolicies(
  { Policy: inline, PolicyArns: given = [] }: SessionPolicyInput,
  account: string,
  issuer: SessionIssuer,
): Promise<NarrowedSession | undefined> {
  const arns = given.flatMap(({ arn }) => arn ?? []);
  if (inline === undefined && arns.length === 0) return undefined;
  if (arns.length > sessionPolicyArnsMax) throw errors.validation(`The number of policy ARNs exceeds the limit of ${sessionPolicyArnsMax}.`);
  const policies: PolicyText[] = [];
  if (inline !== undefined) {
    const parsed = parsePolicy(inline, 'identity');
    if ('problem' in parsed) throw errors.malformedPolicy(parsed.problem);
    policies.push({ source: 'inline:session', document: inline });
  }
  for (const [index, document] of (await issuer.findPolicyDocuments(account, arns)).entries()) {
    const source = arns[index] ?? '';
    if (document === undefined) throw errors.validation(`Policy ${source} does not exist.`);
    policies.push({ source, document });
  }
  // DEVIATION: STS packs policies in a form of its own; the share given here is of the plain text.
  const packedPercent = Math.ceil((((inline?.length ?? 0) + arns.join('').length) * 100) / sessionPolicyCharsMax);
  if (packedPercent > 100) throw errors.packedPolicyTooLarge(packedPercent);
  return { policies, packedPercent };
}
