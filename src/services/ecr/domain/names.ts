// Names of repositories and registries.
import { formatArn, parseArn } from '../../../base/arn.ts';
import type { Scope } from '../../../kv/table.ts';

/** API reference, CreateRepository, repositoryName: 2 to 256 characters of this pattern. */
const repositoryName = /^(?:[a-z0-9]+(?:[._-][a-z0-9]+)*\/)*[a-z0-9]+(?:[._-][a-z0-9]+)*$/;

export const isRepositoryName = (name: string): boolean => name.length >= 2 && name.length <= 256 && repositoryName.test(name);

/** OCI distribution specification, "Pulling manifests": tags. */
export const isTag = (text: string): boolean => /^\w[\w.-]{0,127}$/.test(text);

export const repositoryArn = ({ region, account }: Scope, name: string): string => formatArn({ service: 'ecr', region, account, resource: `repository/${name}` });

export function parseRepositoryArn(arn: string): { readonly scope: Scope; readonly name: string } | undefined {
  const parsed = parseArn(arn);
  if (parsed?.service !== 'ecr' || !parsed.resource.startsWith('repository/')) return undefined;
  return { scope: { account: parsed.account, region: parsed.region }, name: parsed.resource.slice('repository/'.length) };
}

/** `123456789012.dkr.ecr.us-east-1.…` as a host names a registry. */
export function registryOfHost(host: string): Scope | undefined {
  const [, account, region] = /^(\d{12})\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\./.exec(host.toLowerCase()) ?? [];
  return account === undefined || region === undefined ? undefined : { account, region };
}

/**
 * The host of a registry, for URIs. A server on the developer's machine is reached under `.localhost`, which every resolver of today
 * answers with the loopback address; one that clients reach under AWS's names, or its own, keeps that.
 */
export function registryHost({ account, region }: Scope, endpoint: string): string {
  const { hostname, port } = new URL(endpoint);
  if (hostname.endsWith('.amazonaws.com')) return `${account}.dkr.ecr.${region}.amazonaws.com`;
  return `${account}.dkr.ecr.${region}.localhost${port === '' ? '' : `:${port}`}`;
}
