import { evaluate } from './evaluate.ts';
import type { PolicyCache } from './policyCache.ts';
import type { Evaluation, Policy, PolicyRequest, SourcedPolicy } from './types.ts';

interface SourcedText {
  readonly source: string;
  /** JSON text. */
  readonly document: string;
}

/** What applies to a request, as text. The identity port's `CallerPolicies` fit, together with the resource's own policy. */
export interface ApplicableTexts {
  readonly identity: readonly SourcedText[];
  readonly boundary?: SourcedText | undefined;
  readonly session?: readonly SourcedText[] | undefined;
  readonly resource?: SourcedText | undefined;
  readonly resourceRequired?: boolean | undefined;
}

const allowsNothing: Policy = { version: '2012-10-17', statements: [] };

/** {@link evaluate} over documents as they are stored. One that cannot be read allows nothing. */
export function decide(cache: PolicyCache, request: PolicyRequest, texts: ApplicableTexts): Evaluation {
  const sourced = ({ source, document }: SourcedText): SourcedPolicy => ({ source, policy: cache.compile(document) ?? allowsNothing });
  const { identity, boundary, session, resource, resourceRequired = false } = texts;
  return evaluate(request, {
    identity: identity.map(sourced),
    resourceRequired,
    ...(boundary && { boundary: sourced(boundary) }),
    ...(session && { session: session.map(sourced) }),
    ...(resource && { resource: sourced(resource) }),
  });
}
