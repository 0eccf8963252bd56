// Access control lists as requests write them: a canned name, grants in headers, or a document.

import { errors } from '../errors.ts';
import { grantsMax } from '../limits.ts';
import type { Acl, Grant, Grantee, Permission } from './acl.ts';
import { accountOfCanonicalId, canonicalIdOf } from './canonicalId.ts';
import { allUsers, authenticatedUsers, logDelivery } from './publicAccess.ts';

export interface AclMembers {
  readonly ACL?: string | undefined;
  readonly GrantFullControl?: string | undefined;
  readonly GrantRead?: string | undefined;
  readonly GrantReadACP?: string | undefined;
  readonly GrantWrite?: string | undefined;
  readonly GrantWriteACP?: string | undefined;
}

interface Owners {
  /** Accounts. */
  readonly owner: string;
  readonly bucketOwner: string;
}

/** Whether a request says anything about access control lists. */
export function hasAcl(members: AclMembers): boolean {
  return members.ACL !== undefined || grantHeaders.some(([name]) => members[name] !== undefined);
}

const grantHeaders: readonly (readonly [keyof Omit<AclMembers, 'ACL'>, Permission])[] = [
  ['GrantFullControl', 'FULL_CONTROL'],
  ['GrantRead', 'READ'],
  ['GrantReadACP', 'READ_ACP'],
  ['GrantWrite', 'WRITE'],
  ['GrantWriteACP', 'WRITE_ACP'],
];

/** The list that a request's headers describe; undefined where they say nothing, or what holds anyway (`private`). */
export function aclOfHeaders(members: AclMembers, owners: Owners): Acl | undefined {
  if (!hasAcl(members)) return undefined;
  const granted = grantHeaders.flatMap(([name, permission]) => granteesOf(members[name]).map((grantee): Grant => ({ grantee, permission })));
  if (members.ACL !== undefined && granted.length > 0) throw errors.invalidRequest('Specifying both Canned ACLs and Header Grants is not allowed');
  if (members.ACL === undefined) return requireAcl({ grants: granted });
  const canned = cannedGrants(members.ACL, owners);
  return canned.length === 0 ? undefined : { grants: [ownGrant(owners.owner), ...canned] };
}

export function ownGrant(account: string): Grant {
  return { grantee: { id: canonicalIdOf(account) }, permission: 'FULL_CONTROL' };
}

// "Canned ACL".
function cannedGrants(name: string, { owner, bucketOwner }: Owners): Grant[] {
  const everybody = { uri: allUsers };
  switch (name) {
    case 'private':
      return [];
    case 'public-read':
      return [{ grantee: everybody, permission: 'READ' }];
    case 'public-read-write':
      return [{ grantee: everybody, permission: 'READ' }, { grantee: everybody, permission: 'WRITE' }];
    case 'authenticated-read':
      return [{ grantee: { uri: authenticatedUsers }, permission: 'READ' }];
    case 'bucket-owner-read':
      return owner === bucketOwner ? [] : [{ grantee: { id: canonicalIdOf(bucketOwner) }, permission: 'READ' }];
    case 'bucket-owner-full-control':
      return owner === bucketOwner ? [] : [ownGrant(bucketOwner)];
    case 'log-delivery-write':
      return [{ grantee: { uri: logDelivery }, permission: 'WRITE' }, { grantee: { uri: logDelivery }, permission: 'READ_ACP' }];
    case 'aws-exec-read':
      return [];
    default:
      throw errors.invalidArgument('', 'x-amz-acl', name);
  }
}

// `id="…", uri="…"`; addresses of e-mail are known to AWS only.
function granteesOf(header: string | undefined): Grantee[] {
  if (header === undefined) return [];
  return header.split(',').map((part) => {
    const match = /^\s*(id|uri|emailAddress)\s*=\s*"?([^"]*)"?\s*$/.exec(part);
    if (!match) throw errors.invalidArgument('Argument format not recognized', 'x-amz-grant', part.trim());
    return requireGrantee(match[1] === 'id' ? { id: match[2] ?? '' } : match[1] === 'uri' ? { uri: match[2] ?? '' } : undefined);
  });
}

function requireGrantee(grantee: Grantee | undefined): Grantee {
  if (!grantee) throw errors.unsupported('Granting access by e-mail address');
  if ('id' in grantee && accountOfCanonicalId(grantee.id) === undefined) throw errors.invalidArgument('Invalid id', 'CanonicalUser/ID', grantee.id);
  if ('uri' in grantee && ![allUsers, authenticatedUsers, logDelivery].includes(grantee.uri)) throw errors.invalidArgument('Invalid group uri', 'Group/URI', grantee.uri);
  return grantee;
}

function requireAcl(acl: Acl): Acl {
  if (acl.grants.length > grantsMax) throw errors.malformedAcl();
  return acl;
}

interface GrantDocument {
  readonly Grantee?: { readonly Type?: string | undefined; readonly ID?: string | undefined; readonly URI?: string | undefined; readonly EmailAddress?: string | undefined } | undefined;
  readonly Permission?: string | undefined;
}

const permissions = new Set(['FULL_CONTROL', 'READ', 'WRITE', 'READ_ACP', 'WRITE_ACP']);

/** The list of a PutBucketAcl or PutObjectAcl document. */
export function aclOfDocument(document: { readonly Grants?: readonly GrantDocument[] | undefined; readonly Owner?: { readonly ID?: string | undefined } | undefined }): Acl {
  if (!document.Owner?.ID) throw errors.malformedAcl();
  return aclOfGrants(document.Grants ?? []);
}

/** The same of its grants alone. */
export function aclOfGrants(documents: readonly GrantDocument[]): Acl {
  const grants = documents.map(({ Grantee: given, Permission: permission = '' }): Grant => {
    if (!given || !permissions.has(permission)) throw errors.malformedAcl();
    const grantee = given.ID !== undefined ? { id: given.ID } : given.URI !== undefined ? { uri: given.URI } : undefined;
    return { grantee: requireGrantee(grantee), permission: permission as Permission };
  });
  return requireAcl({ grants });
}

/** As GetBucketAcl and GetObjectAcl answer it. */
export function aclOutput(acl: Acl | undefined, owner: string) {
  const grants = acl?.grants ?? [ownGrant(owner)];
  return {
    Owner: { ID: canonicalIdOf(owner) },
    Grants: grants.map(({ grantee, permission }) => ({
      Grantee: 'id' in grantee ? { Type: 'CanonicalUser' as const, ID: grantee.id } : { Type: 'Group' as const, URI: grantee.uri },
      Permission: permission,
    })),
  };
}
