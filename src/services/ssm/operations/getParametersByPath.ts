import { formatParameter } from '../describe.ts';
import { compileFilters, requirePath } from '../domain/filters.ts';
import { parameterArn } from '../domain/names.ts';
import { formatToken, parseToken } from '../domain/tokens.ts';
import { validation } from '../errors.ts';
import { nameCharsMax, pathItemsMax } from '../limits.ts';
import { scanParameters } from '../listing.ts';
import { operation, scopeOf } from '../operation.ts';
import { readValue } from '../values.ts';

export const getParametersByPath = operation('GetParametersByPath', {
  access: ({ Path = '', Recursive = false }, call) => ({
    action: 'ssm:GetParametersByPath',
    resource: parameterArn(scopeOf(call), Path),
    conditions: { 'ssm:Recursive': String(Recursive) },
  }),
  async handle(input, call, deps) {
    const { Path: path = '', Recursive: recursive = false, WithDecryption = false, MaxResults: limit = pathItemsMax, NextToken } = input;
    if (/^\/(?:aws|ssm)(?:\/|$)/i.test(path)) throw validation('Common parameters under /aws are not served by Haneul.');
    requirePath(path);
    // No name is that long, and a row's key ends as well.
    if (path.length > nameCharsMax) return { Parameters: [] };
    const wants = compileFilters(input.ParameterFilters ?? [], 'path');
    const withLabels = input.ParameterFilters?.some(({ Key }) => Key === 'Label') ?? false;
    const scope = scopeOf(call);
    const below = path.endsWith('/') ? path : `${path}/`;
    const { found, next } = await deps.store.read((tx) =>
      scanParameters(tx, scope, { limit, after: NextToken === undefined ? undefined : parseToken('path', NextToken, 'string'), below, oneLevel: !recursive, wants, withLabels }),
    );
    const shown = [];
    for (const { name, arn, row } of found) {
      shown.push(formatParameter({ name, arn, version: row.latest, value: await readValue(row.latest, arn, scope, WithDecryption, call, deps) }));
    }
    return { Parameters: shown, ...(next === undefined ? {} : { NextToken: formatToken('path', next) }) };
  },
});
