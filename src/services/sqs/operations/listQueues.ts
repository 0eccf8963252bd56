import { parsePage, tokenOf } from '../domain/paging.ts';
import { operation, queueUrl } from '../operation.ts';
import { everywhere, queues as queueTable } from '../store.ts';

export const listQueues = operation('ListQueues', {
  access: () => ({ action: 'sqs:ListQueues', resource: '*' }),
  async handle({ QueueNamePrefix: prefix = '', ...page }, call, { store }) {
    const { limit, after, paged } = parsePage(page);
    const { account, region } = call;
    // No name begins so.
    if (!/^[A-Za-z0-9_.-]{0,80}$/.test(prefix)) return {};
    const rows = await store.read((tx) =>
      queueTable.list(tx, everywhere, [account, region], {
        limit: limit + 1,
        ...(prefix === '' ? {} : { from: [account, region, prefix], before: [account, region, `${prefix}\u{10ffff}`] }),
        ...(after === undefined ? {} : { after: [account, region, after] }),
      }),
    );
    const names = rows.slice(0, limit).map(({ parts }) => String(parts[2]));
    const last = rows.length > limit ? names.at(-1) : undefined;
    return {
      ...(names.length === 0 ? {} : { QueueUrls: names.map((name) => queueUrl({ account, region, name }, call)) }),
      ...(paged && last !== undefined ? { NextToken: tokenOf(last) } : {}),
    };
  },
});
