import { describeManagedPolicy, describePolicy } from '../describe.ts';
import { viewPolicy } from '../onPolicy.ts';
import { operation } from '../operation.ts';
import { usesOf } from '../store.ts';

export const getPolicy = operation(
  'GetPolicy',
  viewPolicy({ action: 'GetPolicy' }, async ({ tx, found, arn, call }) => {
    const uses = await usesOf(tx, call.account, arn);
    if (found.owner === 'aws') return { Policy: { ...describeManagedPolicy(found.policy, uses), Tags: [] } };
    const { row } = found;
    const description = row.description === undefined ? {} : { Description: row.description };
    return { Policy: { ...describePolicy(call.account, row, uses), ...description, Tags: [...row.tags] } };
  }),
);
