import { ServiceError } from '../../../base/errors.ts';
import { emptyBatch, entryIdsNotDistinct, invalidBatchEntryId, tooManyEntries } from '../errors.ts';
import { batchEntriesMax } from '../limits.ts';

/** The entries of a batch, which is refused as a whole when their number or ids are wrong. */
export function requireEntries<Entry extends { readonly Id?: string | undefined }>(
  entries: readonly Entry[] | undefined,
  entryName: string,
): readonly (Entry & { readonly Id: string })[] {
  if (entries === undefined || entries.length === 0) throw emptyBatch(entryName);
  if (entries.length > batchEntriesMax) throw tooManyEntries(entries.length);
  for (const { Id: id = '' } of entries) if (!/^[A-Za-z0-9_-]{1,80}$/.test(id)) throw invalidBatchEntryId();
  const seen = new Set<string>();
  for (const { Id: id = '' } of entries) {
    if (seen.has(id)) throw entryIdsNotDistinct(id);
    seen.add(id);
  }
  return entries as readonly (Entry & { readonly Id: string })[];
}

export interface FailedEntry {
  readonly Id: string;
  readonly SenderFault: boolean;
  readonly Code: string;
  readonly Message: string;
}

/** How a batch tells what became of one entry; anything that is no answer to the client is thrown on. */
export function failedEntry(id: string, error: unknown): FailedEntry {
  if (!(error instanceof ServiceError)) throw error;
  const code = entryCodes[error.code] ?? error.code;
  return { Id: id, SenderFault: error.fault !== 'server', Code: code, Message: error.message };
}

// Entries carry the codes of the query protocol whatever protocol the request came in.
const entryCodes: Readonly<Record<string, string>> = {
  InvalidParameterValueException: 'InvalidParameterValue',
  MissingRequiredParameterException: 'MissingParameter',
  UnsupportedOperation: 'AWS.SimpleQueueService.UnsupportedOperation',
  MessageNotInflight: 'AWS.SimpleQueueService.MessageNotInflight',
};

/** Both lists of a batch's answer; an empty one is left out, as SQS does. */
export function batchResult<Done>(done: readonly Done[], failed: readonly FailedEntry[]): { Successful: Done[] | undefined; Failed: FailedEntry[] | undefined } {
  return { Successful: done.length === 0 ? undefined : [...done], Failed: failed.length === 0 ? undefined : [...failed] };
}
