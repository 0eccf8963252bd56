// Static websites ("Hosting a static website using Amazon S3").

export interface WebsiteRedirect {
  readonly host?: string | undefined;
  readonly protocol?: 'http' | 'https' | undefined;
  readonly code?: string | undefined;
  readonly replacePrefix?: string | undefined;
  readonly replaceKey?: string | undefined;
}

export interface WebsiteRule {
  readonly condition?: { readonly status?: string | undefined; readonly prefix?: string | undefined } | undefined;
  readonly redirect: WebsiteRedirect;
}

export interface WebsiteConfiguration {
  readonly indexSuffix?: string | undefined;
  readonly errorKey?: string | undefined;
  readonly redirectAll?: { readonly host: string; readonly protocol?: 'http' | 'https' | undefined } | undefined;
  readonly rules: readonly WebsiteRule[];
}

export interface Redirection {
  readonly status: number;
  readonly location: string;
}

/** The first rule that is about a key; `status` is that of the error, undefined before the object has been looked for. */
export function findRedirection(configuration: WebsiteConfiguration, key: string, status: number | undefined, own: { readonly host: string; readonly protocol: string }): Redirection | undefined {
  const { redirectAll } = configuration;
  if (redirectAll) return { status: 301, location: `${redirectAll.protocol ?? own.protocol}://${redirectAll.host}/${encodePath(key)}` };
  const rule = configuration.rules.find(({ condition }) => {
    const prefixFits = condition?.prefix === undefined || key.startsWith(condition.prefix);
    return prefixFits && (condition?.status === undefined ? status === undefined : condition.status === String(status));
  });
  if (!rule) return undefined;
  const { redirect, condition } = rule;
  const target = redirect.replaceKey ?? (redirect.replacePrefix === undefined ? key : redirect.replacePrefix + key.slice(condition?.prefix?.length ?? 0));
  return { status: Number(redirect.code ?? 301), location: `${redirect.protocol ?? own.protocol}://${redirect.host ?? own.host}/${encodePath(target)}` };
}

/** A key as the path of an address. */
export function encodePath(key: string): string {
  return encodeURIComponent(key).replaceAll('%2F', '/');
}
