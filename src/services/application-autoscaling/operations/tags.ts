import { parseArn } from '../../../base/arn.ts';
import type { AccessRequest, Call } from '../../../framework/context.ts';
import type { ReadTransaction } from '../../../kv/store.ts';
import { errors } from '../errors.ts';
import { tagsMax } from '../limits.ts';
import { scopeOf } from '../lookup.ts';
import { operation } from '../operation.ts';
import { findTargetById, setTarget } from '../store.ts';
import type { TargetRow } from '../store.ts';

const access =
  (action: string) =>
  ({ ResourceARN = '' }: { readonly ResourceARN?: string | undefined }): AccessRequest => ({ action: `application-autoscaling:${action}`, resource: ResourceARN });

const tagResource = operation('TagResource', {
  access: access('TagResource'),
  async handle({ ResourceARN = '', Tags = {} }, call, { store }) {
    await store.transact(async (tx) => {
      const row = await requireTagged(tx, ResourceARN, call);
      setTarget(tx, scopeOf(call), { ...row, tags: requireTags({ ...Object.fromEntries(row.tags), ...Tags }, ResourceARN) });
    });
    return {};
  },
});

const untagResource = operation('UntagResource', {
  access: access('UntagResource'),
  async handle({ ResourceARN = '', TagKeys = [] }, call, { store }) {
    await store.transact(async (tx) => {
      const row = await requireTagged(tx, ResourceARN, call);
      setTarget(tx, scopeOf(call), { ...row, tags: row.tags.filter(([key]) => !TagKeys.includes(key)) });
    });
    return {};
  },
});

const listTagsForResource = operation('ListTagsForResource', {
  access: access('ListTagsForResource'),
  async handle({ ResourceARN = '' }, call, { store }) {
    return { Tags: Object.fromEntries((await store.read((tx) => requireTagged(tx, ResourceARN, call))).tags) };
  },
});

/** Tags of scalable targets. */
export const tagOperations = { TagResource: tagResource, UntagResource: untagResource, ListTagsForResource: listTagsForResource };

/** Throws TooManyTagsException, and for keys that are AWS's. */
export function requireTags(given: Readonly<Record<string, string>>, arn: string): TargetRow['tags'] {
  const tags = Object.entries(given);
  if (tags.length > tagsMax) throw errors.tooManyTags(arn);
  if (tags.some(([key]) => key.toLowerCase().startsWith('aws:'))) throw errors.validation('aws: prefixed tag key names are not allowed for external use.');
  return tags;
}

async function requireTagged(tx: ReadTransaction, arn: string, call: Call): Promise<TargetRow> {
  const parsed = parseArn(arn);
  const id = parsed?.service === 'application-autoscaling' && parsed.account === call.account && parsed.region === call.region ? parsed.resource.replace(/^scalable-target\//, '') : '';
  const row = await findTargetById(tx, scopeOf(call), id);
  if (row === undefined) throw errors.noResource(arn);
  return row;
}
