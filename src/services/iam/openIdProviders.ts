// OpenID Connect providers: whose tokens an account takes.

import { parseArn } from '../../base/arn.ts';
import type { FederationDirectory, OpenIdProvider } from '../../ports/identity.ts';
import type { Store } from '../../kv/store.ts';
import { errors } from './errors.ts';
import type { ResourceKind } from './onResource.ts';
import { resourceTables, type OpenIdProviderRow } from './resourceStore.ts';
import { findSamlProvider } from './samlProviders.ts';
import { scopeOf } from './store.ts';

export const openIdProviders: ResourceKind<OpenIdProviderRow> = {
  table: resourceTables.openIdProviders,
  keyOf(arn, account) {
    const parsed = parseArn(arn);
    const name = /^oidc-provider\/(.+)$/.exec(parsed?.resource ?? '')?.[1];
    return parsed?.service === 'iam' && parsed.account === account ? name : undefined;
  },
  arnOf: ({ issuer }, account) => openIdArn(account, nameOfIssuer(issuer)),
  arnOfAbsent: (arn) => arn,
  absent: (arn) => errors.noSuchOpenIdProvider(arn),
};

export function openIdArn(account: string, name: string): string {
  return `arn:aws:iam::${account}:oidc-provider/${name}`;
}

/** An issuer as ARNs and condition keys have it: without its scheme. */
export function nameOfIssuer(issuer: string): string {
  return issuer.replace(/^https?:\/\//i, '').replace(/\/$/, '');
}

/** What STS asks when a token or an assertion comes. */
export function createFederationDirectory(store: Store): FederationDirectory {
  return {
    findSamlProvider: (arn) => findSamlProvider(store, arn),
    async findOpenIdProvider(account, issuer): Promise<OpenIdProvider | undefined> {
      const name = nameOfIssuer(issuer);
      if (name === '' || name.length > 300) return undefined;
      const row = await store.read((tx) => resourceTables.openIdProviders.get(tx, scopeOf(account), [name]));
      // The scheme counts: a token of an issuer over plain HTTP is not one of its namesake over HTTPS.
      if (!row || schemeOf(issuer) !== schemeOf(row.issuer)) return undefined;
      return { arn: openIdArn(account, name), issuer, name, clientIds: row.clientIds, thumbprints: row.thumbprints };
    },
  };
}

const schemeOf = (issuer: string): string => (/^http:\/\//i.test(issuer) ? 'http' : 'https');
