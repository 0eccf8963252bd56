// What IAM demands of a managed or inline policy, in the order in which it complains. The messages are IAM's own.

import { splitArn } from './arnPattern.ts';
import { isOperand, parseOperator } from './conditions.ts';
import type { RawDocument, RawStatement } from './grammar.ts';

const legacy = 'The policy failed legacy parsing';

/** The message of MalformedPolicyDocument, or undefined when there is nothing to complain about. */
export function identityProblem(document: RawDocument): string | undefined {
  const { statements } = document;
  if (document.version !== '2012-10-17') return 'Policy document must be version 2012-10-17 or greater.';
  if (statements.some(({ principal, notPrincipal }) => principal ?? notPrincipal)) return 'Policy document should not specify a principal.';
  if (statements.some(failsLegacyParsing)) return legacy;
  const sids = statements.flatMap(({ sid }) => (sid === undefined || sid === '' ? [] : [sid]));
  if (sids.some((sid) => !/^[0-9A-Za-z]*$/.test(sid))) {
    return 'Statement IDs (SID) should be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*';
  }
  if (new Set(sids).size < sids.length) return 'Statement IDs (SID) in a single policy must be unique.';
  return (
    firstProblem(statements, (statement) => firstProblem(resourcesOf(statement), resourceProblem)) ??
    firstProblem(statements, actionsProblem) ??
    firstProblem(statements, (statement) => (resourcesOf(statement).length === 0 ? 'Policy statement must contain resources.' : undefined))
  );
}

function firstProblem<T>(items: readonly T[], problemOf: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const problem = problemOf(item);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function resourcesOf({ resource, notResource }: RawStatement): readonly string[] {
  return resource ?? notResource ?? [];
}

function failsLegacyParsing(statement: RawStatement): boolean {
  if (statement.effect !== 'Allow' && statement.effect !== 'Deny') return true;
  const badOperand = statement.conditions.some(({ operator, values }) => {
    const name = parseOperator(operator)?.operator ?? '';
    return values.some((value) => !isOperand(name, value));
  });
  return badOperand || resourcesOf(statement).some(isLegacyArn);
}

// Too short to have an account and yet without a region, or without a service.
function isLegacyArn(resource: string): boolean {
  const [, partition = '', service, region] = splitArn(resource);
  if (!isPartition(partition)) return false;
  return service === '' || (region === '' && splitArn(resource).length === 5);
}

function actionsProblem(statement: RawStatement): string | undefined {
  const actions = statement.action ?? statement.notAction ?? [];
  if (actions.length === 0) return 'Policy statement must contain actions.';
  return firstProblem(actions, (action) => {
    if (action === '*') return undefined;
    const [vendor = '', ...rest] = action.split(':');
    if (rest.length === 0) return 'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.';
    if (rest.length > 1) return 'Actions/Condition can contain only one colon.';
    return /^[a-zA-Z0-9.-]+$/.test(vendor) ? undefined : `Vendor ${vendor} is not valid`;
  });
}

const iamPaths = [
  ...['user/', 'federated-user/', 'role/', 'group/', 'instance-profile/', 'mfa/', 'server-certificate/', 'policy/', 'sms-mfa/'],
  ...['saml-provider/', 'oidc-provider/', 'report/', 'access-report/'],
];

function resourceProblem(resource: string): string | undefined {
  if (resource === '*') return undefined;
  if (!resource.includes(':')) return `Resource ${resource} must be in ARN format or "*".`;
  const parts = splitArn(resource);
  const [, partition = '', service, region = '', account = '', rest = ''] = parts;
  if (!isPartition(partition)) {
    const padded = ['arn', ...parts.slice(1), ...Array.from({ length: 6 - parts.length }, () => '*')].join(':');
    return `Partition "${partition}" is not valid for resource "${padded}".`;
  }
  if (service === undefined || /[*?]/.test(service)) return 'Resource vendor must be fully qualified and cannot contain regexes.';
  if (service === 'iam') return iamResourceProblem(resource, parts.length, region, rest);
  if (service === 's3' && region !== '' && region !== '*' && account === '') return `Resource ${resource} can not contain region information.`;
  return undefined;
}

function iamResourceProblem(resource: string, partCount: number, region: string, rest: string): string | undefined {
  if (region !== '' && region !== '*') return `IAM resource ${resource} cannot contain region information.`;
  if (partCount < 6 || rest === '*' || rest.startsWith('${') || iamPaths.some((path) => rest.startsWith(path))) return undefined;
  return `IAM resource path must either be "*" or start with ${iamPaths.join(', ')}.`;
}

function isPartition(text: string): boolean {
  return /^(aws|aws-cn|aws-us-gov|aws-iso(-[a-z])?|\*)$/.test(text) || text.includes('${');
}
