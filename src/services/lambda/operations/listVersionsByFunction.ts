import { describeListed } from '../domain/configuration.ts';
import type { ShowVariables } from '../domain/configuration.ts';
import { makeMarker, openMarker } from '../domain/marker.ts';
import { listPageMax } from '../limits.ts';
import { accessTo, requireFunction, wholeFunctionOf } from '../lookup.ts';
import { operation } from '../operation.ts';
import { latest, listVersions } from '../store.ts';

export const listVersionsByFunction = operation('ListVersionsByFunction', {
  access: accessTo('lambda:ListVersionsByFunction'),
  async handle(input, call, { store, variables }) {
    const reference = wholeFunctionOf(input, call);
    const limit = Math.min(input.MaxItems ?? listPageMax, listPageMax);
    const [after] = openMarker(input.Marker, ['number']) ?? [];
    const rows = await store.read(async (tx) => {
      const head = await requireFunction(tx, reference);
      const first = after === undefined ? [head.latest] : [];
      return [...first, ...(await listVersions(tx, reference, head.name, { limit: limit + 1 - first.length, afterNumber: Number(after ?? 0) }))];
    });
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    const isWhole = rows.length <= limit || last === undefined;
    const show: ShowVariables = (deployment) => variables.show(deployment, call);
    return {
      Versions: await Promise.all(page.map((row) => describeListed({ place: reference, name: reference.name, row, qualifier: row.version }, show))),
      ...(isWhole ? {} : { NextMarker: makeMarker([last.version === latest ? 0 : Number(last.version)]) }),
    };
  },
});
