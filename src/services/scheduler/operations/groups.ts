import { defaultGroup, groupArn, parseGroupArn } from '../domain/names.ts';
import { errors } from '../errors.ts';
import { planGroupRemoval } from '../firing.ts';
import { groupsMax, pageRows, tagsMax } from '../limits.ts';
import { findGroup, makeToken, nowOf, operation, readToken, requireGroup, type SchedulerDeps, scopeOf } from '../operation.ts';
import { type GroupRow, groups, type Tags } from '../store.ts';

const createScheduleGroup = operation('CreateScheduleGroup', {
  access(input, call) {
    const own = { action: 'scheduler:CreateScheduleGroup', resource: groupArn(scopeOf(call), input.Name ?? '') };
    return input.Tags?.length ? [own, { ...own, action: 'scheduler:TagResource' }] : own;
  },
  async handle({ Name = '', Tags: given, ClientToken }, call, deps) {
    const scope = scopeOf(call);
    const tags = readTags(given);
    const nowMs = nowOf(deps);
    await deps.store.transact(async (tx) => {
      const old = await findGroup(tx, scope, Name);
      if (old && old.token !== undefined && old.token === ClientToken) return;
      if (old) throw errors.groupExists(Name);
      if ((await groups.list(tx, scope, [], { limit: groupsMax })).length >= groupsMax) throw errors.quota('schedule groups');
      groups.set(tx, scope, [Name], { createdAtMs: nowMs, modifiedAtMs: nowMs, tags, ...(ClientToken === undefined ? {} : { token: ClientToken }) });
    });
    return { ScheduleGroupArn: groupArn(scope, Name) };
  },
});

const getScheduleGroup = operation('GetScheduleGroup', {
  access: (input, call) => ({ action: 'scheduler:GetScheduleGroup', resource: groupArn(scopeOf(call), input.Name ?? '') }),
  async handle({ Name = '' }, call, { store }) {
    const scope = scopeOf(call);
    const row = await store.read((tx) => requireGroup(tx, scope, Name));
    return listed(scope, Name, row);
  },
});

const deleteScheduleGroup = operation('DeleteScheduleGroup', {
  access: (input, call) => ({ action: 'scheduler:DeleteScheduleGroup', resource: groupArn(scopeOf(call), input.Name ?? '') }),
  async handle({ Name = '' }, call, deps) {
    const scope = scopeOf(call);
    if (Name === defaultGroup) throw errors.validation('The default schedule group cannot be deleted.');
    await deps.store.transact(async (tx) => {
      const row = await requireGroup(tx, scope, Name);
      // "Deleting a schedule group results in deleting all schedules associated with the group": step by step.
      groups.set(tx, scope, [Name], { ...row, deleting: true });
      await planGroupRemoval(tx, scope, Name, deps);
    });
    return {};
  },
});

const listScheduleGroups = operation('ListScheduleGroups', {
  access: () => ({ action: 'scheduler:ListScheduleGroups', resource: '*' }),
  async handle({ NamePrefix = '', NextToken, MaxResults = 100 }, call, { store }) {
    const scope = scopeOf(call);
    const [after] = readToken(NextToken) ?? [];
    const rows = await store.read(async (tx) => {
      const found = (await groups.list(tx, scope, [], { limit: pageRows })).map(({ parts, row }): [string, GroupRow] => [String(parts[0]), row]);
      const all = found.some(([name]) => name === defaultGroup) ? found : [...found, [defaultGroup, (await findGroup(tx, scope, defaultGroup)) as GroupRow] as [string, GroupRow]];
      return all.sort(([a], [b]) => (a < b ? -1 : 1));
    });
    const fitting = rows.filter(([name]) => name.startsWith(NamePrefix) && (after === undefined || name > after));
    const page = fitting.slice(0, MaxResults);
    const last = page.at(-1)?.[0];
    return { ScheduleGroups: page.map(([name, row]) => listed(scope, name, row)), ...(fitting.length > MaxResults && last !== undefined ? { NextToken: makeToken([last]) } : {}) };
  },
});

const tagResource = operation('TagResource', {
  access: (input) => ({ action: 'scheduler:TagResource', resource: input.ResourceArn ?? '' }),
  async handle({ ResourceArn = '', Tags: given }, _call, deps) {
    const added = readTags(given);
    await changeTags(ResourceArn, deps, (tags) => ({ ...tags, ...added }));
    return {};
  },
});

const untagResource = operation('UntagResource', {
  access: (input) => ({ action: 'scheduler:UntagResource', resource: input.ResourceArn ?? '' }),
  async handle({ ResourceArn = '', TagKeys = [] }, _call, deps) {
    await changeTags(ResourceArn, deps, (tags) => Object.fromEntries(Object.entries(tags).filter(([key]) => !TagKeys.includes(key))));
    return {};
  },
});

const listTagsForResource = operation('ListTagsForResource', {
  access: (input) => ({ action: 'scheduler:ListTagsForResource', resource: input.ResourceArn ?? '' }),
  async handle({ ResourceArn = '' }, _call, { store }) {
    const name = requireGroupArn(ResourceArn);
    const { tags } = await store.read((tx) => requireGroup(tx, name, name.group));
    return { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) };
  },
});

export const groupOperations = {
  CreateScheduleGroup: createScheduleGroup,
  DeleteScheduleGroup: deleteScheduleGroup,
  GetScheduleGroup: getScheduleGroup,
  ListScheduleGroups: listScheduleGroups,
  ListTagsForResource: listTagsForResource,
  TagResource: tagResource,
  UntagResource: untagResource,
};

function requireGroupArn(arn: string) {
  const name = parseGroupArn(arn);
  if (!name) throw errors.validation(`Provided Arn is not in correct format: ${arn}.`);
  return name;
}

async function changeTags(arn: string, deps: SchedulerDeps, change: (tags: Tags) => Tags): Promise<void> {
  const name = requireGroupArn(arn);
  await deps.store.transact(async (tx) => {
    const row = await requireGroup(tx, name, name.group);
    const tags = change(row.tags);
    if (Object.keys(tags).length > tagsMax) throw errors.quota('tags');
    groups.set(tx, name, [name.group], { ...row, tags, modifiedAtMs: nowOf(deps) });
  });
}

function readTags(given: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] | undefined): Tags {
  if ((given ?? []).length > tagsMax) throw errors.quota('tags');
  return Object.fromEntries(
    (given ?? []).map(({ Key = '', Value = '' }) => {
      if (Key.toLowerCase().startsWith('aws:')) throw errors.validation('Tag keys that begin with aws: are reserved.');
      return [Key, Value];
    }),
  );
}

function listed(scope: Parameters<typeof groupArn>[0], name: string, row: GroupRow) {
  return { Arn: groupArn(scope, name), Name: name, State: row.deleting ? ('DELETING' as const) : ('ACTIVE' as const), CreationDate: new Date(row.createdAtMs), LastModificationDate: new Date(row.modifiedAtMs) };
}
