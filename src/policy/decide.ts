import { evaluate } from './evaluate.ts';
import type { PolicyCache, SourcedText } from './policyCache.ts';
import type { ApplicablePolicies, Evaluation, PolicyRequest } from './types.ts';

/** What applies to a request, as text. The identity port's `CallerPolicies` fit, together with the resource's own policy. */
export interface ApplicableTexts {
  readonly identity: readonly SourcedText[];
  readonly boundary?: SourcedText | undefined;
  readonly session?: readonly SourcedText[] | undefined;
  readonly resource?: SourcedText | undefined;
  readonly resourceRequired?: boolean | undefined;
  /** One entry per level of the caller's organisation. */
  readonly serviceControl?: readonly (readonly SourcedText[])[] | undefined;
  readonly resourceControl?: readonly (readonly SourcedText[])[] | undefined;
}

/** {@link evaluate} over documents as they are stored. One that cannot be read denies everything. */
export function decide(cache: PolicyCache, request: PolicyRequest, texts: ApplicableTexts): Evaluation {
  return evaluate(request, compileApplicable(cache, texts));
}

/** The compiled form of what applies; kept with the lists and documents that it was made from. */
export function compileApplicable(cache: PolicyCache, texts: ApplicableTexts): ApplicablePolicies {
  const { identity, boundary, session, resource, resourceRequired, serviceControl, resourceControl } = texts;
  const levels = (given: readonly (readonly SourcedText[])[] | undefined) => given?.map((level) => [cache.setOf(level)]);
  return {
    identity: [cache.setOf(identity)],
    boundary: boundary && [cache.single(boundary)],
    // The list of a session's policies is read anew with each request: its documents are found by their text.
    session: session?.map((text) => cache.single(text)),
    resource: resource && [cache.single(resource)],
    resourceRequired,
    serviceControl: levels(serviceControl),
    resourceControl: levels(resourceControl),
  };
}
