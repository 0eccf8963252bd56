// Addresses of Lambda function URLs: a host of their own, as on AWS, or a path for clients whose resolver knows no such host.
// https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html: `https://<url-id>.lambda-url.<region>.on.aws`

import type { RequestHead } from './types.ts';

export interface FunctionUrlAddress {
  readonly urlId: string;
  /** Undefined where the address does not name it. */
  readonly region: string | undefined;
  /** What the function is told; still percent-encoded. */
  readonly path: string;
}

const hostForm = /^([a-z0-9]{32})\.lambda-url\.([a-z0-9-]+)\.[^/]+$/;
const pathForm = /^\/_haneul\/url\/([a-z0-9]{32})(\/.*)?$/;

/** The function URL that a request is for; undefined when it is for something else. */
export function functionUrlAddress({ headers, path }: RequestHead): FunctionUrlAddress | undefined {
  // Looked for at every request.
  const host = (headers['host'] ?? '').toLowerCase();
  const byHost = host.includes('.lambda-url.') ? hostForm.exec(host.replace(/:\d*$/, '')) : null;
  if (byHost) return { urlId: byHost[1] ?? '', region: byHost[2], path };
  const byPath = path.startsWith('/_haneul/url/') ? pathForm.exec(path) : null;
  return byPath ? { urlId: byPath[1] ?? '', region: undefined, path: byPath[2] ?? '/' } : undefined;
}
