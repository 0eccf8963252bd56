// Policies of keys (developer guide, "Default key policy" and "Viewing the key policy of an AWS managed key").

import type { GrantRow } from '../store.ts';

export const policyName = 'default';

/** Leaves everything to the account's own policies. */
export function defaultPolicy(account: string): string {
  return JSON.stringify(
    {
      Version: '2012-10-17',
      Id: 'key-default-1',
      Statement: [{ Sid: 'Enable IAM User Permissions', Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: 'kms:*', Resource: '*' }],
    },
    undefined,
    2,
  );
}

/** Whoever may use the service may have it use this key. */
export function managedPolicy(account: string, service: string, region: string): string {
  return JSON.stringify(
    {
      Version: '2012-10-17',
      Id: `auto-${service}-1`,
      Statement: [
        {
          Sid: `Allow access through ${service} for all principals in the account that are authorized to use ${service}`,
          Effect: 'Allow',
          Principal: { AWS: '*' },
          Action: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:CreateGrant', 'kms:DescribeKey'],
          Resource: '*',
          Condition: { StringEquals: { 'kms:CallerAccount': account, 'kms:ViaService': viaServiceName(service, region) } },
        },
        {
          Sid: 'Allow direct access to key metadata to the account',
          Effect: 'Allow',
          Principal: { AWS: `arn:aws:iam::${account}:root` },
          Action: ['kms:Describe*', 'kms:Get*', 'kms:List*', 'kms:RevokeGrant'],
          Resource: '*',
        },
      ],
    },
    undefined,
    2,
  );
}

export function viaServiceName(service: string, region: string): string {
  return `${service}.${region}.amazonaws.com`;
}

/** The policy with what grants allow put beside its statements: they allow, and what denies still denies. */
export function withGrants(policy: string, granted: readonly GrantRow[], action: string): string {
  if (granted.length === 0) return policy;
  const document = JSON.parse(policy) as { Statement: unknown };
  const statements: unknown[] = Array.isArray(document.Statement) ? document.Statement : [document.Statement];
  const added = granted.map(({ id, grantee }) => ({ Sid: `grant ${id}`, Effect: 'Allow', Principal: { AWS: grantee }, Action: action, Resource: '*' }));
  return JSON.stringify({ ...document, Statement: [...statements, ...added] });
}
