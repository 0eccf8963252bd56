// Keys, below no account, because the runner goes through all of them: mappings [account, region, uuid] |
// mappedPairs [account, region, source ARN, function, qualifier or ''].
import type { Key, ReadTransaction, Transaction } from '../../../kv/store.ts';
import { defineTable } from '../../../kv/table.ts';
import type { Scope } from '../../../kv/table.ts';

const mappings = defineTable<MappingRow>('lambda', 'mappings');
const pairs = defineTable<{ readonly uuid: string }>('lambda', 'mappedPairs');
const everywhere: Scope = { account: '', region: '' };

export type MappingState = 'Creating' | 'Enabling' | 'Enabled' | 'Disabling' | 'Disabled' | 'Updating' | 'Deleting';

/** An event source mapping. */
export interface MappingRow {
  readonly account: string;
  readonly region: string;
  readonly uuid: string;
  readonly functionName: string;
  /** A version or an alias; absent for the function itself. */
  readonly qualifier?: string;
  readonly sourceArn: string;
  readonly batchSize: number;
  readonly windowSeconds: number;
  /** JSON texts; an event must match one of them, if there are any. */
  readonly filters: readonly string[];
  /** With a KMS key there is nothing in `filters`, and everything in these. */
  readonly kmsKeyArn?: string;
  readonly sealedFilters?: Uint8Array;
  readonly sealedFilterKey?: Uint8Array;
  /** MetricsConfig with EventCount. */
  readonly countsEvents?: boolean;
  /** Of a queue's mapping in provisioned mode. */
  readonly provisionedPollers?: PollerRange;
  readonly reportsItemFailures: boolean;
  readonly maximumConcurrency?: number;
  /** Of a stream's mapping only. */
  readonly stream?: StreamSettings;
  readonly tags: readonly (readonly [key: string, value: string])[];
  /** What its user wants; `state` is what is the case. */
  readonly enabled: boolean;
  readonly state: MappingState;
  readonly modifiedAtMs: number;
  /** Another one with every change that its poller must not miss. */
  readonly revision: number;
}

export interface PollerRange {
  readonly minimum: number;
  readonly maximum: number;
}

export interface StreamSettings {
  readonly startingPosition: 'TRIM_HORIZON' | 'LATEST' | 'AT_TIMESTAMP';
  readonly startingTimestampMs?: number;
  readonly parallelizationFactor: number;
  /** Absent: for as long as the stream has the records. */
  readonly retriesMax?: number;
  readonly recordAgeSecondsMax?: number;
  readonly bisects: boolean;
  /** 0 without tumbling windows. */
  readonly tumblingSeconds: number;
  readonly onFailure?: string;
}

export type StreamMapping = MappingRow & { readonly stream: StreamSettings };

export const isStreamMapping = (row: MappingRow): row is StreamMapping => row.stream !== undefined;

type MappingName = Pick<MappingRow, 'account' | 'region' | 'uuid'>;

/** Changes below it are changes of mappings. */
export const mappingsPrefix = (): Key => mappings.key(everywhere, []);

export const findMapping = (tx: ReadTransaction, { account, region, uuid }: MappingName): Promise<MappingRow | undefined> =>
  mappings.get(tx, everywhere, [account, region, uuid]);

const pairOf = ({ account, region, sourceArn, functionName, qualifier }: MappingRow): string[] => [account, region, sourceArn, functionName, qualifier ?? ''];

/** The mapping that already leads from this source to this function. */
export const findMappedPair = async (tx: ReadTransaction, row: MappingRow): Promise<string | undefined> => (await pairs.get(tx, everywhere, pairOf(row)))?.uuid;

/** Writes a mapping; `old` is what it was before, if it was. */
export function setMapping(tx: Transaction, row: MappingRow, old: MappingRow | undefined): void {
  if (old !== undefined) pairs.clear(tx, everywhere, pairOf(old));
  pairs.set(tx, everywhere, pairOf(row), { uuid: row.uuid });
  mappings.set(tx, everywhere, [row.account, row.region, row.uuid], row);
}

export function clearMapping(tx: Transaction, row: MappingRow): void {
  pairs.clear(tx, everywhere, pairOf(row));
  mappings.clear(tx, everywhere, [row.account, row.region, row.uuid]);
}

/** A page of the mappings of one account and region. */
export async function listMappings(tx: ReadTransaction, { account, region }: Scope, page: { readonly limit: number; readonly afterUuid?: string | undefined }): Promise<MappingRow[]> {
  const after = page.afterUuid === undefined ? {} : { after: [account, region, page.afterUuid] };
  return (await mappings.list(tx, everywhere, [account, region], { limit: page.limit, ...after })).map(({ row }) => row);
}

/** A page of all mappings of the server. */
export async function listAllMappings(tx: ReadTransaction, page: { readonly limit: number; readonly after: MappingRow | undefined }): Promise<MappingRow[]> {
  const after = page.after === undefined ? {} : { after: [page.after.account, page.after.region, page.after.uuid] };
  return (await mappings.list(tx, everywhere, [], { limit: page.limit, ...after })).map(({ row }) => row);
}
