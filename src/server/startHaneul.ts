import { createLogger } from '../base/log.ts';
import { defaultOptions, type AuthMode, type IamMode } from './options.ts';
import { startServer } from './startServer.ts';

export interface HaneulOptions {
  /** Where data lives; without it everything is in memory and gone after `stop`. */
  readonly dataFolder?: string;
  /** Default 0: any free port, so that test files run side by side. */
  readonly port?: number;
  readonly auth?: AuthMode;
  readonly iam?: IamMode;
  /** Fetch nothing from the internet for functions: interpreters and the AWS SDK are there only if an earlier run fetched them. */
  readonly offline?: boolean;
  /** Let functions reach what listens on this machine's loopback, as `host.haneul.internal`. */
  readonly allowHost?: boolean;
  /** Invocations of one account and region at once; default 1,000, as on AWS. */
  readonly lambdaConcurrency?: number;
  /** A file with 32 bytes, plain or in base64: the key that everything secret is encrypted with at rest. Without it one lies beside the data. */
  readonly sealKeyFile?: string;
  /** Fail a request whose handler asks for a permission that AWS does not know: for developing Haneul itself. */
  readonly vetAccess?: boolean;
}

export interface Haneul {
  /** For `endpoint:` of an SDK client or `AWS_ENDPOINT_URL`, for example `http://127.0.0.1:40123`. */
  readonly endpoint: string;
  /** For `credentials:` of an SDK client: the administrator. With `auth: 'strict'` it is the only key that the server knows at first. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Product time: schedules, expiry, retention and idle recycling follow it; signatures and function timeouts do not. */
  readonly clock: { readonly now: () => number; readonly advance: (milliseconds: number) => Promise<void> };
  /** Forgets everything: functions, roles, logs, and their processes. */
  readonly reset: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Starts a server inside this process, for tests. Warnings and errors go to stderr. */
export async function startHaneul(options: HaneulOptions = {}): Promise<Haneul> {
  const server = await startServer({
    ...defaultOptions,
    ...options,
    port: options.port ?? 0,
    dataFolder: options.dataFolder,
    log: createLogger((record) => process.stderr.write(`haneul ${record.level}: ${record.text} ${JSON.stringify(record.fields)}\n`), 'warn'),
  });
  const { endpoint, rootKey } = server;
  // Any key that the server did not issue is the administrator where it trusts unknown keys.
  const credentials = rootKey ?? { accessKeyId: 'test', secretAccessKey: 'test' };
  return { endpoint, credentials, clock: server.clock, reset: server.reset, stop: server.stop };
}
