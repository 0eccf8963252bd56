import type { Transaction } from '../../kv/store.ts';
import { clearInlinePolicy, countPolicyUse, listInlinePolicies, setInlinePolicy, type EntityRow } from './store.ts';

/** What is found by an entity's name moves along when it gets another one. The caller writes the entity itself. */
export async function movePolicies(tx: Transaction, account: string, from: EntityRow, to: EntityRow): Promise<void> {
  const inline = await listInlinePolicies(tx, account, from);
  for (const { name } of inline) clearInlinePolicy(tx, account, from, name);
  for (const policy of inline) setInlinePolicy(tx, account, to, policy);
  const uses = [
    ...from.attached.map((policyArn) => ({ policyArn, use: 'attached' as const })),
    ...(from.boundaryArn === undefined ? [] : [{ policyArn: from.boundaryArn, use: 'boundary' as const }]),
  ];
  for (const use of uses) {
    await countPolicyUse(tx, account, { ...use, row: from, delta: -1 });
    await countPolicyUse(tx, account, { ...use, row: to, delta: 1 });
  }
}
