import type { Transaction } from '../../../kv/store.ts';
import type { Call } from '../../../framework/context.ts';
import { mergeTags, readTags, withoutTags } from '../domain/tags.ts';
import type { Tags } from '../domain/tags.ts';
import { requirePrimary, secretAccess } from '../lookup.ts';
import { operation } from '../operation.ts';
import type { SecretsDeps } from '../operation.ts';
import { changedEverywhere } from '../replication.ts';
import { setSecret } from '../store.ts';

export const tagResource = operation('TagResource', {
  access: ({ SecretId = '' }, call, deps) => secretAccess('TagResource', SecretId, call, deps),
  async handle({ SecretId = '', Tags = [] }, call, deps) {
    const added = readTags(Tags);
    await deps.store.transact((tx) => changeTags(tx, SecretId, call, deps, (tags) => mergeTags(tags, added)));
    return {};
  },
});

export const untagResource = operation('UntagResource', {
  access: ({ SecretId = '' }, call, deps) => secretAccess('UntagResource', SecretId, call, deps),
  async handle({ SecretId = '', TagKeys = [] }, call, deps) {
    await deps.store.transact((tx) => changeTags(tx, SecretId, call, deps, (tags) => withoutTags(tags, TagKeys)));
    return {};
  },
});

async function changeTags(tx: Transaction, secretId: string, call: Call, deps: SecretsDeps, change: (tags: Tags) => Tags): Promise<void> {
  const found = await requirePrimary(tx, call, secretId);
  const secret = { ...found.secret, tags: change(found.secret.tags ?? {}), changedAtMs: call.nowMs };
  setSecret(tx, found.scope, found.name, secret);
  changedEverywhere(tx, { ...found, secret }, deps);
}
