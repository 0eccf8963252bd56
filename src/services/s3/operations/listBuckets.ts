import { canonicalIdOf } from '../domain/canonicalId.ts';
import { lastModified } from '../domain/objectRow.ts';
import { bucketArn } from '../access.ts';
import { errors } from '../errors.ts';
import { bucketsMax } from '../limits.ts';
import { operation } from '../operation.ts';
import { everywhere, findBucket, ownedBuckets } from '../store.ts';

/** How many names one transaction looks at. */
const pageRows = 1_000;

export const listBuckets = operation('ListBuckets', {
  access: () => ({ action: 's3:ListAllMyBuckets', resource: '*' }),
  async handle(input, call, { store }) {
    const { Prefix: prefix = '', BucketRegion: region, MaxBuckets: max = bucketsMax } = input;
    if (max < 1 || max > bucketsMax) throw errors.invalidArgument(`Argument max-buckets must be an integer between 1 and ${bucketsMax}`, 'max-buckets', String(max));
    let after = input.ContinuationToken === undefined ? undefined : Buffer.from(input.ContinuationToken, 'base64').toString('utf8');
    const found: { readonly name: string; readonly region: string; readonly createdAtMs: number }[] = [];
    // One more than wanted tells whether there is another page.
    while (found.length <= max) {
      const rows = await store.read(async (tx) => {
        const from = after === undefined ? { from: [call.account, prefix] } : { after: [call.account, after] };
        const names = await ownedBuckets.list(tx, everywhere, [call.account], { limit: pageRows, ...from });
        return await Promise.all(names.map(({ parts }) => findBucket(tx, String(parts[1]))));
      });
      for (const bucket of rows) if (bucket?.name.startsWith(prefix) && (region === undefined || bucket.region === region)) found.push(bucket);
      after = rows.at(-1)?.name;
      if (rows.length < pageRows || (after !== undefined && prefix !== '' && !after.startsWith(prefix))) break;
    }
    const page = found.slice(0, max);
    return {
      Owner: { ID: canonicalIdOf(call.account) },
      Buckets: page.map(({ name, region: BucketRegion, createdAtMs }) => ({
        Name: name,
        CreationDate: lastModified({ modifiedMs: createdAtMs }),
        ...(input.MaxBuckets === undefined && region === undefined ? {} : { BucketRegion }),
        BucketArn: bucketArn(name),
      })),
      ...(found.length > max ? { ContinuationToken: Buffer.from(page.at(-1)?.name ?? '').toString('base64') } : {}),
      ...(input.Prefix === undefined ? {} : { Prefix: prefix }),
    };
  },
});
