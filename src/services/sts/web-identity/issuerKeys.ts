import type { JSONWebKeySet } from 'jose';
import { BoundedMap } from '../../../base/boundedMap.ts';
import type { Clock } from '../../../base/clock.ts';
import { systemErrorCode } from '../../../base/errors.ts';
import type { Logger } from '../../../base/log.ts';
import type { OpenIdProvider } from '../../../ports/identity.ts';
import { errors } from '../errors.ts';
import { issuersMax, keysFreshMs, keysStaleMs } from '../limits.ts';
import { fetchDocument, UntrustedCertificateError } from './fetchDocument.ts';

/** The keys with which issuers sign their tokens. */
export interface IssuerKeys {
  /** `again` when a token names a key that is not among those known: an issuer changes its keys now and then. */
  of(provider: OpenIdProvider, again?: boolean): Promise<JSONWebKeySet>;
}

interface KnownKeys {
  readonly fetchedAtMs: number;
  readonly keys: Promise<JSONWebKeySet>;
}

export interface IssuerKeysOptions {
  readonly wall: Clock;
  readonly log: Logger;
  readonly allowsLoopback: boolean;
  /** In tests. */
  readonly fetch?: typeof fetchDocument;
}

/** Asks issuers for their keys, each at most once at a time and not again for a while. One per server. */
export function createIssuerKeys({ wall, log, allowsLoopback, fetch = fetchDocument }: IssuerKeysOptions): IssuerKeys {
  const known = new BoundedMap<string, KnownKeys>(issuersMax);

  async function ask({ issuer, thumbprints }: OpenIdProvider): Promise<JSONWebKeySet> {
    try {
      const get = (url: string): Promise<unknown> => fetch({ url: new URL(url), thumbprints, wall, allowsLoopback });
      const about = (await get(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)) as { readonly issuer?: unknown; readonly jwks_uri?: unknown } | null;
      // OpenID Connect Discovery 1.0, section 4.3: whose document it is.
      if (about?.issuer !== issuer || typeof about.jwks_uri !== 'string') throw new Error('the configuration is not that of the issuer');
      const set = (await get(about.jwks_uri)) as JSONWebKeySet | null;
      if (!Array.isArray(set?.keys)) throw new Error('the issuer has no set of keys');
      return set;
    } catch (error) {
      log.warn('an issuer of web identity tokens gave no keys', { issuer, error: String(error) });
      if (error instanceof UntrustedCertificateError) throw errors.wrongThumbprint();
      throw systemErrorCode(error) === undefined ? errors.noVerificationKey() : errors.providerUnreachable();
    }
  }

  return {
    async of(provider, again = false) {
      const name = [provider.issuer, ...provider.thumbprints].join(' ');
      const current = known.get(name);
      const ageMs = current ? wall.now() - current.fetchedAtMs : Infinity;
      if (current && ageMs < (again ? keysFreshMs : keysStaleMs)) return await current.keys;
      const asked: KnownKeys = { fetchedAtMs: wall.now(), keys: ask(provider) };
      known.set(name, asked);
      try {
        return await asked.keys;
      } catch (error) {
        // What failed is asked for again by the next token.
        if (known.get(name) === asked) known.delete(name);
        throw error;
      }
    },
  };
}
