import { parseArn } from '../../../base/arn.ts';
import type { AccessRequest, Call } from '../../../framework/context.ts';
import type { ReadTransaction } from '../../../kv/store.ts';
import { findAlarm, setAlarm } from '../alarms/alarmStore.ts';
import type { AlarmRow } from '../alarms/alarmStore.ts';
import { tagsOf } from '../alarms/saveAlarm.ts';
import { errors } from '../errors.ts';
import { operation, scopeOf } from '../operation.ts';

const access =
  (action: string) =>
  ({ ResourceARN = '' }: { readonly ResourceARN?: string | undefined }): AccessRequest => ({ action: `cloudwatch:${action}`, resource: ResourceARN });

const tagResource = operation('TagResource', {
  access: access('TagResource'),
  async handle({ ResourceARN = '', Tags }, call, { store }) {
    await store.transact(async (tx) => {
      const row = await requireTagged(tx, ResourceARN, call);
      setAlarm(tx, scopeOf(call), { ...row, tags: tagsOf(Tags, row.tags) }, row);
    });
    return {};
  },
});

const untagResource = operation('UntagResource', {
  access: access('UntagResource'),
  async handle({ ResourceARN = '', TagKeys = [] }, call, { store }) {
    await store.transact(async (tx) => {
      const row = await requireTagged(tx, ResourceARN, call);
      setAlarm(tx, scopeOf(call), { ...row, tags: row.tags.filter(([key]) => !TagKeys.includes(key)) }, row);
    });
    return {};
  },
});

const listTagsForResource = operation('ListTagsForResource', {
  access: access('ListTagsForResource'),
  async handle({ ResourceARN = '' }, call, { store }) {
    const { tags } = await store.read((tx) => requireTagged(tx, ResourceARN, call));
    return { Tags: tags.map(([Key, Value]) => ({ Key, Value })) };
  },
});

/** Tags of alarms. */
export const tagOperations = { TagResource: tagResource, UntagResource: untagResource, ListTagsForResource: listTagsForResource };

async function requireTagged(tx: ReadTransaction, arn: string, call: Call): Promise<AlarmRow> {
  const parsed = parseArn(arn);
  const name = parsed?.service === 'cloudwatch' && parsed.account === call.account && parsed.region === call.region ? (/^alarm:(.+)$/s.exec(parsed.resource)?.[1] ?? '') : '';
  const row = name === '' ? undefined : await findAlarm(tx, scopeOf(call), name);
  if (row === undefined) throw errors.resourceNotFound('alarm', arn);
  return row;
}
