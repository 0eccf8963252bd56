import { errors } from '../errors.ts';
import { pageItemsDefault } from '../limits.ts';

export interface PageInput {
  readonly Marker?: string | undefined;
  readonly MaxItems?: number | undefined;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly position: { readonly IsTruncated: boolean; readonly Marker?: string };
}

/** Reads items in key order behind `after`. */
export type ReadItems<Item> = (after: string | undefined, limit: number) => Promise<readonly { readonly key: string; readonly item: Item }[]>;

// Enough for any filter to make progress without one request reading a whole account at once.
const batchMin = 100;

/** One page of what `read` gives and `wanted` keeps. */
export async function pageOf<Item>(input: PageInput, read: ReadItems<Item>, wanted: (item: Item) => boolean = () => true): Promise<Page<Item>> {
  const itemsMax = input.MaxItems ?? pageItemsDefault;
  const found: { key: string; item: Item }[] = [];
  let after = input.Marker === undefined ? undefined : decodeMarker(input.Marker);
  // One item more than asked for tells whether there is another page.
  while (found.length <= itemsMax) {
    const limit = Math.max(batchMin, itemsMax + 1 - found.length);
    const batch = await read(after, limit);
    found.push(...batch.filter(({ item }) => wanted(item)));
    after = batch.at(-1)?.key;
    if (batch.length < limit) break;
  }
  const items = found.slice(0, itemsMax);
  const last = items.at(-1);
  const truncated = found.length > itemsMax && last !== undefined;
  return { items: items.map(({ item }) => item), position: truncated ? { IsTruncated: true, Marker: encodeMarker(last.key) } : { IsTruncated: false } };
}

/** The same for a short list that is at hand. */
export async function pageOfList<Item>(input: PageInput, list: readonly Item[], keyOf: (item: Item) => string): Promise<Page<Item>> {
  const sorted = list.map((item) => ({ key: keyOf(item), item })).sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return await pageOf(input, async (after, limit) => sorted.filter(({ key }) => after === undefined || key > after).slice(0, limit));
}

function encodeMarker(key: string): string {
  return Buffer.from(`1${key}`).toString('base64');
}

function decodeMarker(marker: string): string {
  const text = Buffer.from(marker, 'base64').toString();
  if (!text.startsWith('1')) throw errors.validation('Invalid Marker.');
  return text.slice(1);
}
