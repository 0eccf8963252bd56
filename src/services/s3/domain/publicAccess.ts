import type { Acl, Grant } from './acl.ts';

export interface PublicAccessBlock {
  readonly blockPublicAcls: boolean;
  readonly ignorePublicAcls: boolean;
  readonly blockPublicPolicy: boolean;
  readonly restrictPublicBuckets: boolean;
}

export const allUsers = 'http://acs.amazonaws.com/groups/global/AllUsers';
export const authenticatedUsers = 'http://acs.amazonaws.com/groups/global/AuthenticatedUsers';
export const logDelivery = 'http://acs.amazonaws.com/groups/s3/LogDelivery';

export function isPublicGrant({ grantee }: Grant): boolean {
  return 'uri' in grantee && (grantee.uri === allUsers || grantee.uri === authenticatedUsers);
}

export function isPublicAcl(acl: Acl | undefined): boolean {
  return acl?.grants.some(isPublicGrant) ?? false;
}

interface Statement {
  readonly Effect?: unknown;
  readonly Principal?: unknown;
  readonly NotPrincipal?: unknown;
  readonly Condition?: unknown;
}

// "The meaning of public": these keys with fixed values make a policy for everybody one for somebody.
const narrowingKeys = new Set([
  'aws:sourceip', 'aws:sourcearn', 'aws:sourcevpc', 'aws:sourcevpce', 'aws:sourceowner', 'aws:sourceaccount', 'aws:userid', 'aws:principalorgid', 'aws:principalarn',
  'aws:principalaccount', 'aws:principalorgpaths', 's3:x-amz-server-side-encryption-aws-kms-key-id', 's3:dataaccesspointarn', 's3:dataaccesspointaccount', 'aws:sourceorgid', 'aws:sourceorgpaths',
]);

/** Whether a policy lets everybody in ("The meaning of public"). */
export function isPublicPolicy(text: string | undefined): boolean {
  if (text === undefined) return false;
  const { Statement } = JSON.parse(text) as { readonly Statement?: Statement | readonly Statement[] };
  const statements = Array.isArray(Statement) ? (Statement as readonly Statement[]) : Statement ? [Statement as Statement] : [];
  // Everybody but some is everybody.
  return statements.some((statement) => statement.Effect === 'Allow' && (isEverybody(statement.Principal) || statement.NotPrincipal !== undefined) && !isNarrowed(statement.Condition));
}

function isEverybody(principal: unknown): boolean {
  if (principal === '*') return true;
  if (typeof principal !== 'object' || principal === null) return false;
  const aws = (principal as { readonly AWS?: unknown }).AWS;
  return aws === '*' || (Array.isArray(aws) && aws.includes('*'));
}

function isNarrowed(condition: unknown): boolean {
  if (typeof condition !== 'object' || condition === null) return false;
  return Object.entries(condition).some(([operator, keys]) => {
    // These hold for requests that say nothing of the key.
    if (/Not|Null|IfExists$|^ForAllValues:/i.test(operator) || typeof keys !== 'object' || keys === null) return false;
    return Object.entries(keys as Readonly<Record<string, unknown>>).some(([key, value]) => {
      if (!narrowingKeys.has(key.toLowerCase())) return false;
      const values = (Array.isArray(value) ? value : [value]).map(String);
      return values.every((one) => !/^[*?:]*$/.test(one) && !/\/0+$/.test(one));
    });
  });
}
