import { formatMetadata } from '../describe.ts';
import { formatToken, parseToken } from '../domain/tokens.ts';
import { pageItemsMax } from '../limits.ts';
import { parameterAccess, requireParameter } from '../lookup.ts';
import { operation } from '../operation.ts';
import { listLabels, versions } from '../store.ts';
import { readValue } from '../values.ts';

export const getParameterHistory = operation('GetParameterHistory', {
  access: ({ Name = '' }, call, deps) => parameterAccess('GetParameterHistory', Name, call, deps),
  async handle({ Name = '', WithDecryption = false, MaxResults: limit = pageItemsMax, NextToken }, call, deps) {
    const after = NextToken === undefined ? undefined : parseToken('history', NextToken, 'number');
    const { found, rows, labelled } = await deps.store.read(async (tx) => {
      const parameter = await requireParameter(tx, call, Name);
      const { scope, row } = parameter;
      const page = await versions.list(tx, scope, [row.id], { limit: limit + 1, ...(after === undefined ? {} : { after: [row.id, after] }) });
      return { found: parameter, rows: page.map((each) => each.row), labelled: await listLabels(tx, scope, row.id) };
    });
    const page = rows.slice(0, limit);
    const history = [];
    for (const version of page) {
      const value = await readValue(version, found.arn, found.scope, WithDecryption, call, deps);
      const names = [...labelled].flatMap(([label, holder]) => (holder === version.version ? label : []));
      history.push({ ...formatMetadata(found.name, version), Value: value, Labels: names });
    }
    const last = page.at(-1);
    return { Parameters: history, ...(last !== undefined && rows.length > limit ? { NextToken: formatToken('history', last.version) } : {}) };
  },
});
