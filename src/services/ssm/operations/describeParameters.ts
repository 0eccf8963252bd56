import { formatMetadata } from '../describe.ts';
import { compileFilters, compileOldFilters } from '../domain/filters.ts';
import { formatToken, parseToken } from '../domain/tokens.ts';
import { validation } from '../errors.ts';
import { pageItemsMax } from '../limits.ts';
import { scanParameters } from '../listing.ts';
import { operation, scopeOf } from '../operation.ts';
import { formatArn } from '../../../base/arn.ts';

export const describeParameters = operation('DescribeParameters', {
  // Permissions reference: no resource-level permissions; AWS names the whole account.
  access: (_input, call) => ({ action: 'ssm:DescribeParameters', resource: formatArn({ service: 'ssm', region: call.region, account: call.account, resource: '*' }) }),
  async handle({ Filters = [], ParameterFilters = [], MaxResults: limit = pageItemsMax, NextToken, Shared = false }, call, { store }) {
    if (Filters.length > 0 && ParameterFilters.length > 0) throw validation('You can use either Filters or ParameterFilters in a single request.');
    const wantsNew = compileFilters(ParameterFilters, 'describe');
    const wantsOld = compileOldFilters(Filters);
    // Parameters are shared with others by AWS RAM, which is not there.
    if (Shared) return { Parameters: [] };
    const { found, next } = await store.read((tx) =>
      scanParameters(tx, scopeOf(call), {
        limit,
        after: NextToken === undefined ? undefined : parseToken('describe', NextToken, 'string'),
        wants: (parameter) => wantsNew(parameter) && wantsOld(parameter),
      }),
    );
    return {
      Parameters: found.map(({ name, arn, row }) => ({ ...formatMetadata(name, row.latest), ARN: arn })),
      ...(next === undefined ? {} : { NextToken: formatToken('describe', next) }),
    };
  },
});
