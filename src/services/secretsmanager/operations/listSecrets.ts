import { formatSecret, formatStages } from '../describe.ts';
import { pageItemsMax } from '../limits.ts';
import { pageSecrets } from '../listing.ts';
import { operation, scopeOf } from '../operation.ts';

export const listSecrets = operation('ListSecrets', {
  access: () => ({ action: 'secretsmanager:ListSecrets', resource: '*' }),
  async handle({ Filters, IncludePlannedDeletion, MaxResults, NextToken, SortBy, SortOrder }, call, { store }) {
    const { found, next } = await store.read((tx) =>
      pageSecrets(tx, scopeOf(call), {
        filters: Filters ?? [],
        limit: MaxResults ?? pageItemsMax,
        token: NextToken,
        includePlannedDeletion: IncludePlannedDeletion,
        sortBy: SortBy,
        descending: SortOrder === 'desc',
      }),
    );
    const list = found.map((secret) => {
      const stages = formatStages(secret);
      return { ...formatSecret(secret), ...(stages === undefined ? {} : { SecretVersionsToStages: stages }) };
    });
    return { SecretList: list, ...(next === undefined ? {} : { NextToken: next }) };
  },
});
