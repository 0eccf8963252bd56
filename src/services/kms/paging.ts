import { errors } from './errors.ts';

export interface PageInput {
  readonly Limit?: number | undefined;
  readonly Marker?: string | undefined;
}

export interface PageEnd {
  readonly Truncated: boolean;
  readonly NextMarker?: string;
}

/** One page of rows that come in the order of one text. `read` is asked for one more than the page holds. */
export async function pageOf<Item>(
  { Limit, Marker }: PageInput,
  usual: number,
  read: (after: string | undefined, limit: number) => Promise<readonly Item[]>,
  keyOf: (item: Item) => string,
): Promise<{ readonly items: readonly Item[]; readonly end: PageEnd }> {
  const limit = Limit ?? usual;
  const found = await read(Marker === undefined ? undefined : parseMarker(Marker), limit + 1);
  const items = found.slice(0, limit);
  const last = items.at(-1);
  if (found.length <= limit || last === undefined) return { items, end: { Truncated: false } };
  return { items, end: { Truncated: true, NextMarker: Buffer.from(`1${keyOf(last)}`).toString('base64') } };
}

/** The same for a short list at hand. */
export async function pageOfList<Item>(input: PageInput, usual: number, list: readonly Item[], keyOf: (item: Item) => string): ReturnType<typeof pageOf<Item>> {
  const sorted = [...list].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  return await pageOf(input, usual, async (after, limit) => sorted.filter((item) => after === undefined || keyOf(item) > after).slice(0, limit), keyOf);
}

function parseMarker(marker: string): string {
  const text = Buffer.from(marker, 'base64').toString('utf8');
  if (!text.startsWith('1') || Buffer.from(text).toString('base64') !== marker) throw errors.invalidMarker();
  return text.slice(1);
}
