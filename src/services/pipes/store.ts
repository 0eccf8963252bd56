import type { PipeEnrichmentParameters, PipeSourceParameters, PipeState, PipeTargetParameters } from '@aws-sdk/client-pipes';
import type { Key, ReadTransaction, Transaction } from '../../kv/store.ts';
import { defineTable, type Scope } from '../../kv/table.ts';
import type { PipeName } from './domain/names.ts';

//   pipe   account, region, name -> PipeRow; below no account, because the runner goes through all of them

const pipes = defineTable<PipeRow>('pipes', 'pipe');
const everywhere: Scope = { account: '', region: '' };

export type Tags = Readonly<Record<string, string>>;

export interface LogSettings {
  readonly level: 'ERROR' | 'INFO' | 'TRACE';
  readonly logGroupArn: string;
  readonly includesData: boolean;
}

/** The parameters are as the API has them, without what is undefined. */
export interface PipeRow extends PipeName {
  readonly description?: string;
  readonly source: string;
  readonly sourceParameters: PipeSourceParameters;
  readonly enrichment?: string;
  readonly enrichmentParameters?: PipeEnrichmentParameters;
  readonly target: string;
  readonly targetParameters: PipeTargetParameters;
  readonly roleArn: string;
  readonly logging?: LogSettings;
  readonly tags: Tags;
  /** What its user wants; `state` is what is the case. */
  readonly desired: 'RUNNING' | 'STOPPED' | 'DELETED';
  readonly state: PipeState;
  readonly reason?: string;
  readonly createdAtMs: number;
  readonly modifiedAtMs: number;
  /** Another one with every change that what runs must not miss. */
  readonly revision: number;
}

/** Changes below it are changes of pipes. */
export const pipesPrefix = (): Key => pipes.key(everywhere, []);

export const findPipe = (tx: ReadTransaction, { account, region, name }: PipeName): Promise<PipeRow | undefined> => pipes.get(tx, everywhere, [account, region, name]);

export const setPipe = (tx: Transaction, row: PipeRow): void => pipes.set(tx, everywhere, [row.account, row.region, row.name], row);

export const clearPipe = (tx: Transaction, { account, region, name }: PipeName): void => pipes.clear(tx, everywhere, [account, region, name]);

/** A page of the pipes of one account and region. */
export async function listPipes(tx: ReadTransaction, { account, region }: Scope, page: { readonly limit: number; readonly after?: string | undefined }): Promise<PipeRow[]> {
  const after = page.after === undefined ? {} : { after: [account, region, page.after] };
  return (await pipes.list(tx, everywhere, [account, region], { limit: page.limit, ...after })).map(({ row }) => row);
}

/** A page of all pipes of the server. */
export async function listAllPipes(tx: ReadTransaction, page: { readonly limit: number; readonly after: PipeRow | undefined }): Promise<PipeRow[]> {
  const after = page.after === undefined ? {} : { after: [page.after.account, page.after.region, page.after.name] };
  return (await pipes.list(tx, everywhere, [], { limit: page.limit, ...after })).map(({ row }) => row);
}
