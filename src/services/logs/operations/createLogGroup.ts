import { hexId } from '../../../base/ids.ts';
import { mergeTags } from '../domain/tags.ts';
import { groupExists, invalidParameter, unsupported } from '../errors.ts';
import { groupAccess, groupArn, operation, scopeOf, tagAccess } from '../operation.ts';
import { groups, setGroup } from '../store.ts';

export const createLogGroup = operation('CreateLogGroup', {
  access({ logGroupName = '', tags }, call) {
    const access = groupAccess('CreateLogGroup', call, logGroupName);
    if (!tags || Object.keys(tags).length === 0) return access;
    return [access, tagAccess('TagResource', groupArn(scopeOf(call), logGroupName), tags)];
  },
  async handle({ logGroupName = '', kmsKeyId, tags = {}, logGroupClass = 'STANDARD', deletionProtectionEnabled = false }, call, deps) {
    if (/^aws\//i.test(logGroupName)) throw invalidParameter('Log groups starting with AWS/ are reserved for AWS.');
    if (kmsKeyId !== undefined) throw unsupported('Encryption with kmsKeyId');
    if (logGroupClass !== 'STANDARD') throw unsupported(`The log group class ${logGroupClass}`);
    const scope = scopeOf(call);
    const group = {
      id: hexId(deps.random, 16),
      createdAtMs: call.nowMs,
      tags: mergeTags(logGroupName, {}, tags),
      deletionProtected: deletionProtectionEnabled,
    };
    await deps.store.transact(async (tx) => {
      if (await groups.get(tx, scope, [logGroupName])) throw groupExists();
      setGroup(tx, scope, logGroupName, group);
    });
    return {};
  },
});
