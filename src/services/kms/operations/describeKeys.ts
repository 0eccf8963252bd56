import { describeKey as describe } from '../describe.ts';
import { keyArn, parseKeyReference } from '../domain/keyReference.ts';
import { stateOf } from '../domain/keyState.ts';
import { errors } from '../errors.ts';
import { requireManagedKey } from '../keys.ts';
import { keysPerPage } from '../limits.ts';
import { accessKey, accountAccess, askedKey, operation } from '../operation.ts';
import { pageOf } from '../paging.ts';
import { keys } from '../store.ts';

// "If you call DescribeKey on a predefined AWS alias, that is, an AWS alias with no key ID, KMS creates an AWS managed key" (API reference).
const knownServices = new Set(['s3', 'sqs', 'sns', 'lambda', 'ssm', 'secretsmanager', 'dynamodb', 'kinesis', 'logs', 'rds', 'ebs', 'xray', 'acm', 'glue', 'firehose', 'backup']);

export const describeKey = operation('DescribeKey', {
  async access(input, call, deps) {
    const reference = parseKeyReference(input.KeyId ?? '', call);
    const service = reference.kind === 'alias' ? /^alias\/aws\/(.+)$/.exec(reference.alias)?.[1] : undefined;
    if (service !== undefined && knownServices.has(service) && reference.scope.account === call.account) {
      await requireManagedKey(deps, { account: call.account, region: call.region }, service, call.nowMs);
    }
    return await accessKey(deps, call, input.KeyId, { action: 'DescribeKey', grantOperation: 'DescribeKey' });
  },
  async handle(input, call, deps) {
    return { KeyMetadata: describe(await askedKey(deps, call, input.KeyId), call.nowMs) };
  },
});

export const listKeys = operation('ListKeys', {
  access: accountAccess('ListKeys'),
  async handle(input, call, { store }) {
    // In the model, not yet in the client's types.
    const { ResourceOwners: owners } = input as { readonly ResourceOwners?: readonly string[] };
    if (owners?.includes('OTHER_ACCOUNTS_VIA_RAM')) throw errors.unsupported('Keys shared by AWS RAM are not supported.');
    const read = (after: string | undefined, limit: number) =>
      store.read((tx) => keys.list(tx, call, [], { limit, ...(after !== undefined && { after: [after] }) }));
    const { items, end } = await pageOf(input, keysPerPage, read, ({ row }) => row.id);
    const present = items.filter(({ row }) => stateOf(row, call.nowMs) !== undefined);
    return { Keys: present.map(({ row }) => ({ KeyId: row.id, KeyArn: keyArn(call, row.id) })), ...end };
  },
});
