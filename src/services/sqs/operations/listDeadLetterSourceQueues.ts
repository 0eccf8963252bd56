import { parsePage, tokenOf } from '../domain/paging.ts';
import { onQueue, operation, queueAccess, queueUrl, requireQueue, type SqsDeps } from '../operation.ts';
import { openQueue, type Queue } from '../queues.ts';
import { everywhere, queues as queueTable } from '../store.ts';

export const listDeadLetterSourceQueues = operation('ListDeadLetterSourceQueues', {
  access: (input, call, deps) => queueAccess('ListDeadLetterSourceQueues', input, call, deps),
  handle: (input, call, deps) =>
    onQueue(input, call, async (name) => {
      const { limit, after, paged } = parsePage(input);
      const target = await requireQueue(deps.queues.look(name));
      const sources = await listSources(target, deps, { limit: limit + 1, after });
      const names = sources.slice(0, limit);
      const last = sources.length > limit ? names.at(-1) : undefined;
      return {
        queueUrls: names.map((source) => queueUrl(source, call)),
        ...(paged && last ? { NextToken: tokenOf(last.name) } : {}),
      };
    }),
});

const pageRows = 500;

/** Queues whose dead letters go to `target`, in the order of their names. */
export async function listSources(target: Queue, { store }: Pick<SqsDeps, 'store'>, { limit, after }: { limit: number; after?: string | undefined }): Promise<Queue[]> {
  const { account, region } = target;
  const found: Queue[] = [];
  for (let last = after; ; ) {
    const rows = await store.read((tx) =>
      queueTable.list(tx, everywhere, [account, region], { limit: pageRows, ...(last === undefined ? {} : { after: [account, region, last] }) }),
    );
    for (const { parts, row } of rows) {
      const source = openQueue({ account, region, name: String(parts[2]) }, row);
      if (source.redrive?.deadLetterTargetArn === target.arn) found.push(source);
      if (found.length === limit) return found;
    }
    if (rows.length < pageRows) return found;
    last = String(rows.at(-1)?.parts[2]);
  }
}
