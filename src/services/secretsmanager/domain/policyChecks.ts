// What PutResourcePolicy and ValidateResourcePolicy look for besides the grammar.

interface Statement {
  readonly Effect?: unknown;
  readonly Principal?: unknown;
  readonly Condition?: unknown;
}

/** Whether a document lets anybody in: an Allow for everyone that no condition narrows. The document is valid JSON of a policy. */
export function isPublicPolicy(document: string): boolean {
  const parsed = JSON.parse(document) as { readonly Statement?: Statement | readonly Statement[] };
  const statements: readonly Statement[] = Array.isArray(parsed.Statement) ? parsed.Statement : parsed.Statement === undefined ? [] : [parsed.Statement as Statement];
  return statements.some(({ Effect, Principal, Condition }) => Effect === 'Allow' && isEveryone(Principal) && !isNarrowing(Condition));
}

function isEveryone(principal: unknown): boolean {
  if (principal === '*') return true;
  if (typeof principal !== 'object' || principal === null || !('AWS' in principal)) return false;
  const { AWS: names } = principal;
  return names === '*' || (Array.isArray(names) && names.includes('*'));
}

function isNarrowing(condition: unknown): boolean {
  return typeof condition === 'object' && condition !== null && Object.keys(condition).length > 0;
}
