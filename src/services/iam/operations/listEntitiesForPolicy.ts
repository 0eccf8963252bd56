import { pageOf } from '../domain/paging.ts';
import { viewPolicy } from '../onPolicy.ts';
import { operation } from '../operation.ts';
import { listPolicyUsers } from '../store.ts';

export const listEntitiesForPolicy = operation(
  'ListEntitiesForPolicy',
  viewPolicy({ action: 'ListEntitiesForPolicy' }, async ({ tx, input, arn, call }) => {
    const { PathPrefix = '/', EntityFilter: filter, PolicyUsageFilter: usage } = input;
    const use = usage === 'PermissionsBoundary' ? 'boundary' : usage === 'PermissionsPolicy' ? 'attached' : undefined;
    const page = await pageOf(
      input,
      (after, limit) => listPolicyUsers(tx, call.account, arn, { after, limit }),
      (user) =>
        user.path.startsWith(PathPrefix) &&
        (use === undefined || user.use === use) &&
        (filter === undefined || filter.toLowerCase() === user.kind || filter.endsWith('ManagedPolicy')),
    );
    const ofKind = (kind: string) => page.items.filter((user) => user.kind === kind);
    return {
      PolicyRoles: ofKind('role').map(({ name, id }) => ({ RoleName: name, RoleId: id })),
      PolicyUsers: ofKind('user').map(({ name, id }) => ({ UserName: name, UserId: id })),
      PolicyGroups: ofKind('group').map(({ name, id }) => ({ GroupName: name, GroupId: id })),
      ...page.position,
    };
  }),
);
