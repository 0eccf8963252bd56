// Everything about a bucket that lets somebody in, as one policy: its own policy, and the grants of access control lists as statements.

import type { Acl, Grant, Permission } from './acl.ts';
import { accountOfCanonicalId } from './canonicalId.ts';
import { allUsers, authenticatedUsers, isPublicGrant, isPublicPolicy, type PublicAccessBlock } from './publicAccess.ts';

export interface ResourceFacts {
  readonly bucketName: string;
  readonly key: string | undefined;
  /** The bucket's account. */
  readonly owner: string;
  readonly aclsCount: boolean;
  readonly policy: string | undefined;
  readonly block: PublicAccessBlock | undefined;
  readonly bucketAcl: Acl | undefined;
  readonly objectAcl: Acl | undefined;
  readonly objectOwner: string | undefined;
}

// "Access control list (ACL) overview", "Mapping of ACL permissions and access policy permissions".
const bucketActions: Readonly<Record<Exclude<Permission, 'FULL_CONTROL'>, readonly string[]>> = {
  READ: ['s3:ListBucket', 's3:ListBucketVersions', 's3:ListBucketMultipartUploads'],
  WRITE: ['s3:PutObject', 's3:DeleteObject', 's3:DeleteObjectVersion'],
  READ_ACP: ['s3:GetBucketAcl'],
  WRITE_ACP: ['s3:PutBucketAcl'],
};
const objectActions: Readonly<Record<Exclude<Permission, 'FULL_CONTROL'>, readonly string[]>> = {
  READ: ['s3:GetObject', 's3:GetObjectVersion'],
  WRITE: [],
  READ_ACP: ['s3:GetObjectAcl', 's3:GetObjectVersionAcl'],
  WRITE_ACP: ['s3:PutObjectAcl', 's3:PutObjectVersionAcl'],
};

/** JSON text, or undefined where nothing but callers' own policies counts. */
export function resourcePolicyOf(facts: ResourceFacts): string | undefined {
  const { bucketName, key, policy, block, bucketAcl, objectAcl, objectOwner } = facts;
  const arn = `arn:aws:s3:::${bucketName}`;
  const counts = (grant: Grant): boolean => !(block?.ignorePublicAcls && isPublicGrant(grant));
  const statements: object[] = [];
  if (facts.aclsCount) {
    for (const grant of bucketAcl?.grants ?? []) if (counts(grant)) statements.push(...statementsOf(grant, bucketActions, [arn, `${arn}/*`]));
    if (key !== undefined) {
      for (const grant of objectAcl?.grants ?? []) if (counts(grant)) statements.push(...statementsOf(grant, objectActions, [`${arn}/${escapeStars(key)}`]));
      // Whoever owns the object may do with it what its owner may.
      if (objectOwner !== undefined && objectOwner !== facts.owner) {
        statements.push(allow({ AWS: objectOwner }, Object.values(objectActions).flat(), [`${arn}/${escapeStars(key)}`]));
      }
    }
  }
  const restricted = block?.restrictPublicBuckets === true && isPublicPolicy(policy);
  if (statements.length === 0 && !restricted) return policy;
  const own = policy === undefined ? [] : [(JSON.parse(policy) as { Statement?: object | object[] }).Statement ?? []].flat();
  // "RestrictPublicBuckets": only services and the bucket's own account get in by a public policy.
  if (restricted) {
    statements.push({
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:*',
      Resource: [arn, `${arn}/*`],
      Condition: { StringNotEqualsIfExists: { 'aws:PrincipalAccount': facts.owner }, BoolIfExists: { 'aws:PrincipalIsAWSService': 'false' } },
    });
  }
  return JSON.stringify({ Version: '2012-10-17', Statement: [...own, ...statements] });
}

function statementsOf({ grantee, permission }: Grant, actions: typeof bucketActions, resources: readonly string[]): object[] {
  const allowed = permission === 'FULL_CONTROL' ? Object.values(actions).flat() : actions[permission];
  if (allowed.length === 0) return [];
  if ('id' in grantee) {
    const account = accountOfCanonicalId(grantee.id);
    return account === undefined ? [] : [allow({ AWS: account }, allowed, resources)];
  }
  if (grantee.uri === allUsers) return [allow('*', allowed, resources)];
  if (grantee.uri === authenticatedUsers) return [{ ...allow('*', allowed, resources), Condition: { StringLike: { 'aws:PrincipalAccount': '*' } } }];
  return [];
}

function allow(principal: unknown, actions: readonly string[], resources: readonly string[]): object {
  return { Effect: 'Allow', Principal: principal, Action: actions, Resource: resources };
}

// In policies these three are wildcards or begin a variable.
function escapeStars(key: string): string {
  return key.replaceAll(/[*?$]/g, (character) => `\${${character}}`);
}
