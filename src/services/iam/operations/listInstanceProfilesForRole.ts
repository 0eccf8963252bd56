import { viewEntity } from '../onEntity.ts';
import { operation } from '../operation.ts';

/** There are no instance profiles here; Terraform asks before it deletes a role. */
export const listInstanceProfilesForRole = operation(
  'ListInstanceProfilesForRole',
  viewEntity({ action: 'ListInstanceProfilesForRole', kind: 'role', nameOf: (input) => input.RoleName }, async () => ({
    InstanceProfiles: [],
    IsTruncated: false,
  })),
);
