import type { Logger } from '../base/log.ts';

/** How strictly callers are identified (design.md §6). */
export type AuthMode = 'local' | 'strict';
/** What happens to a request that the policies of an issued identity do not allow. */
export type IamMode = 'enforce' | 'audit' | 'off';

export interface ServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Undefined keeps everything in memory. */
  readonly dataFolder: string | undefined;
  readonly auth: AuthMode;
  readonly iam: IamMode;
  /** The account of keys that name none. */
  readonly account: string;
  /** The region of requests that name none. */
  readonly region: string;
  /** Fetch nothing for functions: the nearest interpreter runs them, and an AWS SDK that they need and do not bring is missing. */
  readonly offline: boolean;
  /** Let functions reach what listens on this machine's loopback, as `host.haneul.internal`. */
  readonly allowHost: boolean;
  /** Invocations of one account and region at once: the quota of Lambda that AWS raises on request. */
  readonly lambdaConcurrency?: number | undefined;
  /** The certificate that the operator brings, PEM files; without one the server certifies itself (src/server/tls). */
  readonly tls?: { readonly certificateFile: string; readonly keyFile: string };
  /** Where the operator keeps the key that everything secret is encrypted with; without it the server keeps one beside its data. */
  readonly sealKeyFile?: string | undefined;
  /** Fail a request whose handler asks for a permission that AWS does not know: for developing Haneul itself. */
  readonly vetAccess?: boolean | undefined;
  readonly log: Logger;
}

export const defaultOptions = {
  host: '127.0.0.1',
  port: 4566,
  auth: 'local',
  iam: 'enforce',
  account: '000000000000',
  region: 'us-east-1',
  offline: false,
  allowHost: false,
} as const satisfies Partial<ServerOptions>;

/** Local mode: a key that Haneul did not issue is the administrator, and a role that does not exist is tolerated (design, "Identity"). */
export function isLocalMode({ host, auth }: Pick<ServerOptions, 'host' | 'auth'>): boolean {
  return auth === 'local' && isLoopbackHost(host);
}

/** True for the addresses that only this machine can reach. */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, '');
  return name === 'localhost' || name.endsWith('.localhost') || name === '::1' || /^127(\.\d{1,3}){3}$/.test(name);
}
