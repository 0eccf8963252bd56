import type { JWTPayload } from 'jose';
import type { FederationDirectory, OpenIdProvider } from '../../../ports/identity.ts';
import { errors } from '../errors.ts';
import { tokenAlgorithms } from '../limits.ts';
import type { IssuerKeys } from './issuerKeys.ts';

export interface VerifiedToken {
  readonly provider: OpenIdProvider;
  readonly subject: string;
  readonly audience: string;
  readonly methods: readonly string[];
  readonly claims: JWTPayload;
}

export interface TokenVerifier {
  readonly federation: FederationDirectory;
  readonly issuerKeys: IssuerKeys;
}

/**
 * Who an OpenID Connect token speaks of, once an issuer that the account trusts has signed it for one of its clients. Throws STS's
 * own errors. Nothing but the name of the issuer is believed before its signature is verified.
 */
export async function verifyToken(token: string, { account, nowMs }: { readonly account: string; readonly nowMs: number }, { federation, issuerKeys }: TokenVerifier): Promise<VerifiedToken> {
  // Loaded when the first token comes: few servers ever see one.
  const { createLocalJWKSet, decodeJwt, errors: joseErrors, jwtVerify } = await import('jose');
  const issuer = issuerOf(() => decodeJwt(token));
  const provider = await federation.findOpenIdProvider(account, issuer);
  if (!provider) throw errors.noProvider(issuer);

  const verify = async (again: boolean): Promise<JWTPayload> => {
    const keys = createLocalJWKSet(await issuerKeys.of(provider, again));
    return (await jwtVerify(token, keys, { algorithms: [...tokenAlgorithms], issuer, currentDate: new Date(nowMs), requiredClaims: ['sub', 'aud', 'exp', 'iat'] })).payload;
  };
  const claims = await verify(false)
    .catch(async (error: unknown) => {
      if (error instanceof joseErrors.JWKSNoMatchingKey) return await verify(true);
      throw error;
    })
    .catch((error: unknown) => {
      if (error instanceof joseErrors.JWTExpired) throw errors.expiredToken(Math.floor(nowMs / 1_000), error.payload.exp ?? 0);
      if (error instanceof joseErrors.JWKSNoMatchingKey) throw errors.noVerificationKey();
      if (error instanceof joseErrors.JWTClaimValidationFailed) throw errors.wrongClaim(error.claim);
      if (error instanceof joseErrors.JOSEError) throw errors.wrongSignature();
      throw error;
    });
  const audience = audienceOf(claims).find((name) => provider.clientIds.includes(name));
  if (audience === undefined) throw errors.wrongAudience();
  return { provider, subject: claims.sub ?? '', audience, methods: textsIn(claims['amr']), claims };
}

function issuerOf(decode: () => JWTPayload): string {
  try {
    const { iss } = decode();
    if (typeof iss === 'string') return iss;
  } catch {
    // Answered below like a token without an issuer.
  }
  throw errors.noToken();
}

// IAM user guide, "Available keys for AWS OIDC federation": `aud` is the authorised party where the token names one.
function audienceOf({ azp, aud }: JWTPayload): readonly string[] {
  return typeof azp === 'string' ? [azp] : textsIn(aud);
}

/** The texts of a claim that is one or a list of them. */
export function textsIn(claim: unknown): readonly string[] {
  return (Array.isArray(claim) ? claim : [claim]).filter((value) => typeof value === 'string');
}
