import type { ReadTransaction } from '../../../kv/store.ts';
import { describeListed } from '../domain/configuration.ts';
import type { ShowVariables } from '../domain/configuration.ts';
import type { Place } from '../domain/functionName.ts';
import { makeMarker, openMarker } from '../domain/marker.ts';
import { refuseUnimplemented } from '../domain/settings.ts';
import { listPageMax } from '../limits.ts';
import { operation } from '../operation.ts';
import { findFunction, latest, listFunctions as listRows, listVersions } from '../store.ts';
import type { FunctionRow, VersionRow } from '../store.ts';

const implemented = new Set(['Marker', 'MaxItems', 'FunctionVersion']);

interface Item {
  readonly name: string;
  readonly row: VersionRow;
}

export const listFunctions = operation('ListFunctions', {
  access: () => ({ action: 'lambda:ListFunctions', resource: '*' }),
  async handle(input, call, { store, variables }) {
    refuseUnimplemented(input, implemented);
    const place = { account: call.account, region: call.region };
    const limit = Math.min(input.MaxItems ?? listPageMax, listPageMax);
    const withVersions = input.FunctionVersion === 'ALL';
    const [name, number] = openMarker(input.Marker, ['string', 'number']) ?? [];
    const after = name === undefined ? undefined : { name: String(name), number: Number(number) };
    const items = await store.read((tx) => (withVersions ? collectVersions(tx, place, limit + 1, after) : collectLatest(tx, place, limit + 1, after?.name)));
    const page = items.slice(0, limit);
    const last = page.at(-1);
    const qualifierOf = ({ row }: Item): string | undefined => (withVersions ? row.version : undefined);
    const show: ShowVariables = (deployment) => variables.show(deployment, call);
    return {
      Functions: await Promise.all(page.map((item) => describeListed({ place, ...item, qualifier: qualifierOf(item) }, show))),
      ...(last === undefined || items.length <= limit ? {} : { NextMarker: makeMarker([last.name, numberOf(last.row)]) }),
    };
  },
});

// $LATEST comes before the numbers.
const numberOf = (row: VersionRow): number => (row.version === latest ? 0 : Number(row.version));

async function collectLatest(tx: ReadTransaction, place: Place, limit: number, afterName: string | undefined): Promise<Item[]> {
  return (await listRows(tx, place, { limit, afterName })).map((row) => ({ name: row.name, row: row.latest }));
}

/** Every version of every function, in the order (name, version). */
async function collectVersions(tx: ReadTransaction, place: Place, limit: number, after: { name: string; number: number } | undefined): Promise<Item[]> {
  const items: Item[] = [];
  const unfinished = after === undefined ? undefined : await findFunction(tx, place, after.name);
  if (after !== undefined && unfinished !== undefined) await addVersions(tx, place, unfinished, after.number, { items, limit });
  let afterName = after?.name;
  while (items.length < limit) {
    const heads = await listRows(tx, place, { limit, afterName });
    for (const head of heads) {
      items.push({ name: head.name, row: head.latest });
      await addVersions(tx, place, head, 0, { items, limit });
    }
    if (heads.length < limit) break;
    afterName = heads.at(-1)?.name;
  }
  return items.slice(0, limit);
}

async function addVersions(tx: ReadTransaction, place: Place, head: FunctionRow, afterNumber: number, into: { items: Item[]; limit: number }): Promise<void> {
  const room = into.limit - into.items.length;
  if (room <= 0 || head.publishedVersions === 0) return;
  for (const row of await listVersions(tx, place, head.name, { limit: room, afterNumber })) into.items.push({ name: head.name, row });
}
