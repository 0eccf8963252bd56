import { parsePolicy } from '../policy/parsePolicy.ts';

/** What is wrong with a document that is to be the policy of a resource; undefined when nothing is. Services have their own words for it. */
export function resourcePolicyProblem(document: string): string | undefined {
  const parsed = parsePolicy(document, 'resource');
  return 'problem' in parsed ? parsed.problem : undefined;
}
