// Filter criteria at rest under a KMS key, where a mapping names one: https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html,
// "Encryption of filter criteria". As with variables, KMS encrypts a data key, and that the patterns.
import type { EventSourceMappingConfiguration } from '@aws-sdk/client-lambda';
import { ServiceError } from '../../../base/errors.ts';
import type { Random } from '../../../base/random.ts';
import type { Encryption, KeyUser } from '../../../ports/encryption.ts';
import type { Place } from '../domain/functionName.ts';
import { openVariables, sealVariables } from '../domain/seal.ts';
import { kmsCodeOf } from '../variableVault.ts';
import type { KeyAsker } from '../variableVault.ts';
import { mappingArn } from './describeMapping.ts';
import { mappingErrors } from './mappingErrors.ts';
import type { MappingRow } from './mappingStore.ts';

/** What a mapping keeps of its filters. */
export type FilterFields = Pick<MappingRow, 'filters' | 'kmsKeyArn' | 'sealedFilters' | 'sealedFilterKey'>;

export interface FilterVault {
  /** Encrypts when a key is named, asking for kms:Encrypt in the caller's name. */
  seal(mapping: Pick<MappingRow, 'account' | 'region' | 'uuid'>, filters: readonly string[], kmsKeyArn: string | undefined, asker: KeyAsker): Promise<FilterFields>;
  /** Opens them: for the caller, or for whoever reads the source, to whom the key was granted when it was set. */
  open(mapping: MappingRow, asker?: KeyAsker): Promise<readonly string[]>;
  /** What Get and Delete show of encrypted ones; nothing of others. */
  show(mapping: MappingRow, asker: KeyAsker): Promise<Pick<EventSourceMappingConfiguration, 'FilterCriteria' | 'FilterCriteriaError'>>;
}

const dataKeyBytes = 32;

export function createFilterVault({ encryption, random }: { readonly encryption: Encryption; readonly random: Random }): FilterVault {
  async function open(mapping: MappingRow, asker?: KeyAsker): Promise<readonly string[]> {
    const { sealedFilters, sealedFilterKey } = mapping;
    if (sealedFilters === undefined || sealedFilterKey === undefined) return mapping.filters;
    const arn = mappingArn(mapping, mapping.uuid);
    const { plaintext } = await encryption.decrypt({ ciphertext: sealedFilterKey, context: contextOf(arn), user: userOf(mapping, asker) });
    return openVariables(sealedFilters, arn, plaintext).map(([, pattern]) => pattern);
  }

  return {
    async seal(mapping, filters, kmsKeyArn, asker) {
      if (kmsKeyArn === undefined) return { filters };
      const arn = mappingArn(mapping, mapping.uuid);
      const dataKey = random.bytes(dataKeyBytes);
      // A key that nothing is encrypted with yet is tried all the same.
      const { ciphertext } = await encryption
        .encrypt({ keyId: kmsKeyArn, plaintext: dataKey, context: contextOf(arn), user: userOf(mapping, asker) })
        .catch((error: unknown) => Promise.reject(error instanceof ServiceError ? mappingErrors.filterKeyUnusable(kmsCodeOf(error), error.message) : error));
      if (filters.length === 0) return { filters, kmsKeyArn };
      const sealedFilters = sealVariables(filters.map((pattern, index) => [String(index), pattern] as const), arn, dataKey, random);
      return { filters: [], kmsKeyArn, sealedFilters, sealedFilterKey: ciphertext };
    },
    open,
    async show(mapping, asker) {
      if (mapping.sealedFilters === undefined) return {};
      try {
        return { FilterCriteria: { Filters: (await open(mapping, asker)).map((Pattern) => ({ Pattern })) } };
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error;
        return { FilterCriteriaError: { ErrorCode: kmsCodeOf(error), Message: error.message } };
      }
    },
  };
}

const contextOf = (arn: string): Record<string, string> => ({ 'aws:lambda:EventSourceMappingArn': arn });

function userOf({ account, region }: Place, asker: KeyAsker | undefined): KeyUser {
  const own = { account, region, service: 'lambda' };
  return asker === undefined ? own : { ...own, caller: asker.caller, authorise: (access) => asker.authorise(access) };
}
