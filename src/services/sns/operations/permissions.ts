import type { SnsDeps } from '../deps.ts';
import { requireTopicArn, topicArn, type TopicName } from '../domain/arns.ts';
import { addStatement, defaultPolicy, removeStatement } from '../domain/policy.ts';
import { invalidParameter, missingParameter } from '../errors.ts';
import { permissionActionsMax } from '../limits.ts';
import { newRevision, operation, requireTopic, topicAccess } from '../operation.ts';
import { setTopic } from '../topics.ts';

// Developer guide, "Amazon SNS API permissions".
const grantable: ReadonlySet<string> = new Set([
  '*', 'AddPermission', 'DeleteTopic', 'GetDataProtectionPolicy', 'GetTopicAttributes', 'ListSubscriptionsByTopic', 'ListTagsForResource', 'Publish', 'PutDataProtectionPolicy', 'Receive', 'RemovePermission', 'SetTopicAttributes', 'Subscribe',
]);

export const addPermission = operation('AddPermission', {
  access: (input, call, deps) => topicAccess('AddPermission', input.TopicArn, call, deps),
  async handle(input, _call, deps) {
    const name = requireTopicArn(input.TopicArn);
    const label = requireLabel(input.Label);
    const accountIds = input.AWSAccountId ?? [];
    const actions = input.ActionName ?? [];
    if (accountIds.length === 0) throw missingParameter('AWSAccountId');
    if (actions.length === 0) throw missingParameter('ActionName');
    if (actions.length > permissionActionsMax) throw invalidParameter(`ActionName Reason: at most ${permissionActionsMax} actions`);
    if (accountIds.some((id) => !/^\d{12}$/.test(id))) throw invalidParameter('Policy Error: PrincipalNotFound');
    if (actions.some((action) => !grantable.has(action))) throw invalidParameter('Policy statement action out of service scope!');
    await changePolicy(name, deps, (policy) => addStatement(policy, { label, topicArn: topicArn(name), accountIds, actions }));
    return {};
  },
});

export const removePermission = operation('RemovePermission', {
  access: (input, call, deps) => topicAccess('RemovePermission', input.TopicArn, call, deps),
  async handle(input, _call, deps) {
    const name = requireTopicArn(input.TopicArn);
    const label = requireLabel(input.Label);
    await changePolicy(name, deps, (policy) => removeStatement(policy, label));
    return {};
  },
});

function requireLabel(label: string | undefined): string {
  if (label === undefined || label === '') throw missingParameter('Label');
  if (!/^[A-Za-z0-9_-]{1,80}$/.test(label)) throw invalidParameter('Label');
  return label;
}

async function changePolicy(name: TopicName, deps: SnsDeps, change: (policy: string) => string): Promise<void> {
  await deps.store.transact(async (tx) => {
    const { row, arn } = await requireTopic(deps.topics.find(tx, name));
    const Policy = change(row.attributes['Policy'] ?? defaultPolicy(arn, name.account));
    setTopic(tx, name, { ...row, attributes: { ...row.attributes, Policy } }, newRevision(deps));
  });
}
