// What IAM demands of a role's trust policy. The messages are IAM's own, and differ from those for identity policies.

import { isOperand, parseOperator } from './conditions.ts';
import type { Fault, RawDocument, RawPrincipal, RawStatement } from './grammar.ts';

export function trustFaultText(fault: Fault): string {
  switch (fault.fault) {
    case 'json':
      return 'This policy contains invalid Json';
    case 'unknown-field':
      return `Unknown field ${fault.name}`;
    case 'version':
      return 'The policy must contain a valid version string';
    case 'no-statement':
      return 'Could not parse the policy: Statement is empty!';
    case 'no-effect':
      return 'Missing required field Effect';
    case 'effect':
      return `Invalid effect: ${fault.name}`;
    case 'principal-shape':
      return 'Principal must be a JSON object.';
    case 'shape':
      return 'Syntax error in policy.';
  }
}

/** The message of MalformedPolicyDocument, or undefined when there is nothing to complain about. */
export function trustProblem(document: RawDocument): string | undefined {
  for (const statement of document.statements) {
    const problem = statementProblem(statement);
    if (problem !== undefined) return problem;
  }
  const sids = document.statements.flatMap(({ sid }) => (sid === undefined || sid === '' ? [] : [sid]));
  return new Set(sids).size < sids.length ? 'The Statement Ids in the policy are not unique' : undefined;
}

function statementProblem(statement: RawStatement): string | undefined {
  if (statement.effect !== 'Allow' && statement.effect !== 'Deny') return `Invalid effect: ${statement.effect}`;
  if (statement.resource) return 'Has prohibited field Resource';
  if (statement.notResource) return 'Has prohibited field NotResource';
  if (statement.notPrincipal) {
    return statement.effect === 'Allow' ? 'Allow with NotPrincipal is not allowed.' : 'AssumeRole policy must not contain NotPrincipal field.';
  }
  const actions = statement.action ?? statement.notAction ?? [];
  if (actions.length === 0) return 'Missing required field Action';
  if (!actions.every(isAssumeRoleAction)) return 'AssumeRole policy may only specify STS AssumeRole actions.';
  const unreadable = statement.conditions.some(({ operator, values }) => {
    const name = parseOperator(operator)?.operator ?? '';
    return values.some((value) => !isOperand(name, value));
  });
  return principalProblem(statement.principal) ?? (unreadable ? 'Syntax error in policy.' : undefined);
}

function isAssumeRoleAction(action: string): boolean {
  return /^sts:(assumerole[a-z*?]*|tagsession|setsourceidentity|setcontext)$/i.test(action);
}

function principalProblem(principal: RawPrincipal | undefined): string | undefined {
  if (principal === undefined) return 'Missing required field Principal';
  if (principal === '*') return 'Principal must be a JSON object.';
  if ([...principal.values()].every((names) => names.length === 0)) return 'Missing required field Principal cannot be empty!';
  for (const [kind, names] of principal) {
    const isValid = principalForms.get(kind);
    if (!isValid) return `Invalid principal in policy: "${kind}"`;
    const wrong = names.find((name) => !isValid.test(name));
    if (wrong !== undefined) return `Invalid principal in policy: "${kind === 'AWS' ? kind : kind.toUpperCase()}":"${wrong}"`;
  }
  return undefined;
}

const principalForms: ReadonlyMap<string, RegExp> = new Map([
  [
    'AWS',
    /^(\*|\d{12}|arn:aws[a-z-]*:iam::\d{12}:(root|user\/[\x21-\x7e]+|role\/[\x21-\x7e]+)|arn:aws[a-z-]*:sts::\d{12}:(assumed-role|federated-user)\/[\x21-\x7e]+|A(IDA|ROA)[A-Z0-9]{12,28})$/,
  ],
  // DEVIATION: IAM knows every service by name; here the form decides.
  ['Service', /^[a-z0-9.-]+\.(amazonaws\.com(\.cn)?|amazon\.com|aws\.internal)$/],
  ['Federated', /^\S+$/],
]);
