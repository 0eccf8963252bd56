// Whether code may be deployed to a function with a code signing configuration.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-codesigning.html
import type { Logger } from '../../../base/log.ts';
import type { ReadTransaction } from '../../../kv/store.ts';
import type { Place } from '../domain/functionName.ts';
import { errors } from '../errors.ts';
import { requireSigningConfig, signingConfigId } from './signingStore.ts';

/**
 * Nothing here signs packages, and what AWS Signer has signed cannot be verified without its certificates: so no package passes the checks
 * for mismatch and expiry. `Enforce` blocks it, `Warn` lets it through and says so.
 */
export async function requireSignedCode(tx: ReadTransaction, place: Place, name: string, configArn: string | undefined, log: Logger): Promise<void> {
  if (configArn === undefined) return;
  const config = await requireSigningConfig(tx, place, signingConfigId(configArn, place));
  if (config.policy === 'Enforce') throw errors.codeNotVerified();
  log.warn('code was deployed whose signature could not be verified', { function: name, codeSigningConfigArn: configArn });
}
