// How a function URL is reached here. AWS's own hosts answer too, for clients that are led here by name.
import type { Place } from '../domain/functionName.ts';

export interface UrlAddresses {
  /** What FunctionUrl tells. */
  readonly url: string;
  /** The same function under a path of this server, for clients that cannot resolve such a host. */
  readonly byPath: string;
}

/** The addresses of a URL, seen from `endpoint`, at which the caller reaches this server. */
export function addressesOf(urlId: string, { region }: Place, endpoint: string): UrlAddresses {
  const { protocol, hostname, port, origin } = new URL(endpoint);
  const byPath = `${origin}/_haneul/url/${urlId}/`;
  const domain = domainOf(hostname);
  if (domain === undefined) return { url: byPath, byPath };
  return { url: `${protocol}//${urlId}.lambda-url.${region}.${domain}${port === '' ? '' : `:${port}`}/`, byPath };
}

// Everything below `localhost` is this machine (RFC 6761); below another name or an address there may be nothing.
function domainOf(hostname: string): string | undefined {
  if (hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '[::1]' || hostname.startsWith('127.')) return 'localhost';
  if (hostname.endsWith('.amazonaws.com')) return 'on.aws';
  return hostname.endsWith('localhost.localstack.cloud') ? 'localhost.localstack.cloud' : undefined;
}
