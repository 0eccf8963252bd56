// Environment variables at rest: encrypted with the server's own key, or, where a function names a KMS key, with a data key that only
// that key opens. https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html
import { createHmac } from 'node:crypto';
import type { EnvironmentResponse } from '@aws-sdk/client-lambda';
import { ServiceError } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';
import type { Call } from '../../framework/context.ts';
import type { Encryption, KeyUser } from '../../ports/encryption.ts';
import type { Variables } from './domain/environment.ts';
import { functionArn } from './domain/functionName.ts';
import type { Place } from './domain/functionName.ts';
import { openVariables, sealVariables } from './domain/seal.ts';
import type { Deployment } from './environments/deployment.ts';
import { errors } from './errors.ts';
import type { VersionRow } from './store.ts';

/** What a version keeps of its variables. */
export type VariableFields = Pick<VersionRow, 'kmsKeyArn' | 'sealedVariables' | 'sealedDataKey' | 'variablesDigest'>;

/** In whose name a KMS key is used. */
export type KeyAsker = Pick<Call, 'caller' | 'authorise'>;

/** Without the function's alias or version: all of them are one owner. */
export interface Owner {
  readonly place: Place;
  readonly name: string;
}

export interface VariableVault {
  /** Encrypts, asking for kms:Encrypt in the caller's name; a key that nothing is encrypted with yet is tried all the same. */
  seal(owner: Owner, variables: Variables | undefined, kmsKeyArn: string | undefined, asker: KeyAsker): Promise<VariableFields>;
  /** Opens them for what runs the function, which was granted the key when it was set; throws in the words of Invoke. */
  open(deployment: Deployment): Promise<Variables>;
  /** Opens them to be sealed again, in the caller's name. */
  reopen(deployment: Deployment, asker: KeyAsker): Promise<Variables | undefined>;
  /** What answers tell: the variables, or why this caller cannot see them. Undefined when the version never had any. */
  show(deployment: Deployment, asker: KeyAsker): Promise<EnvironmentResponse | undefined>;
  /** The same for two versions of a function exactly when their variables are; uses no KMS key. */
  fingerprint(deployment: Deployment): string;
}

export interface VaultDeps {
  readonly encryption: Encryption;
  readonly sealKey: Uint8Array;
  readonly random: Random;
}

const dataKeyBytes = 32;

export function createVariableVault({ encryption, sealKey, random }: VaultDeps): VariableVault {
  async function open({ place, name, row }: Deployment, asker: KeyAsker | undefined): Promise<Variables> {
    if (row.sealedVariables === undefined) return [];
    const owner = functionArn(place, name);
    if (row.sealedDataKey === undefined) return openVariables(row.sealedVariables, owner, sealKey);
    const { plaintext } = await encryption.decrypt({ ciphertext: row.sealedDataKey, context: contextOf(owner), user: userOf(place, asker) });
    return openVariables(row.sealedVariables, owner, plaintext);
  }

  return {
    async seal({ place, name }, variables, kmsKeyArn, asker) {
      const owner = functionArn(place, name);
      if (kmsKeyArn === undefined) return variables === undefined ? {} : { sealedVariables: sealVariables(variables, owner, sealKey, random) };
      if (/:alias\//.test(kmsKeyArn)) throw errors.keyNotConfigurable('InvalidArnException', 'Key Aliases are not supported for this operation.');
      const dataKey = random.bytes(dataKeyBytes);
      const sealedDataKey = await encryption
        .encrypt({ keyId: kmsKeyArn, plaintext: dataKey, context: contextOf(owner), user: userOf(place, asker) })
        .then(({ ciphertext }) => ciphertext, (error: unknown) => Promise.reject(translate(error, errors.keyNotConfigurable)));
      if (variables === undefined) return { kmsKeyArn };
      return {
        kmsKeyArn,
        sealedDataKey,
        sealedVariables: sealVariables(variables, owner, dataKey, random),
        variablesDigest: createHmac('sha256', sealKey).update(owner).update('\0').update(JSON.stringify(variables)).digest('hex'),
      };
    },
    open: (deployment) => open(deployment, undefined).catch((error: unknown) => Promise.reject(translate(error, errors.variablesNotDecrypted))),
    async reopen(deployment, asker) {
      if (deployment.row.sealedVariables === undefined) return undefined;
      return open(deployment, asker).catch((error: unknown) => Promise.reject(translate(error, errors.keyNotConfigurable)));
    },
    async show(deployment, asker) {
      if (deployment.row.sealedVariables === undefined) return undefined;
      try {
        return { Variables: Object.fromEntries(await open(deployment, asker)) };
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error;
        return { Error: errors.variablesNotShown(kmsCodeOf(error), error.message) };
      }
    },
    fingerprint({ place, name, row }) {
      if (row.sealedVariables === undefined) return '';
      return row.variablesDigest ?? JSON.stringify(openVariables(row.sealedVariables, functionArn(place, name), sealKey));
    },
  };
}

/** A version with other variables. */
export function withVariables({ kmsKeyArn, sealedVariables, sealedDataKey, variablesDigest, ...row }: VersionRow, fields: VariableFields): VersionRow {
  return { ...row, ...fields };
}

const contextOf = (owner: string): Record<string, string> => ({ 'aws:lambda:FunctionArn': owner });

function userOf({ account, region }: Place, asker: KeyAsker | undefined): KeyUser {
  const own = { account, region, service: 'lambda' };
  return asker === undefined ? own : { ...own, caller: asker.caller, authorise: (access) => asker.authorise(access) };
}

/** What KMS refused, in Lambda's words; anything else is a fault and stays one. */
function translate(error: unknown, inOwnWords: (code: string, message: string) => ServiceError): unknown {
  return error instanceof ServiceError ? inOwnWords(kmsCodeOf(error), error.message) : error;
}

/** Lambda's protocol has a name of its own for a permission that is missing; KMS has this one. */
export const kmsCodeOf = ({ code }: ServiceError): string => (code.startsWith('AccessDenied') ? 'AccessDeniedException' : code);
