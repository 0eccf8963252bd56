import { createRequire } from 'node:module';
import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import type { IAMClient } from '@aws-sdk/client-iam';
import type { KMSClient } from '@aws-sdk/client-kms';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SNSClient } from '@aws-sdk/client-sns';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { STSClient } from '@aws-sdk/client-sts';

/** A client is made, and its package loaded, when it is first asked for: each costs a test file as much as a whole server. */
export interface SdkClients {
  readonly lambda: LambdaClient;
  readonly iam: IAMClient;
  readonly sts: STSClient;
  readonly logs: CloudWatchLogsClient;
  readonly kms: KMSClient;
  readonly s3: S3Client;
  readonly sns: SNSClient;
  readonly sqs: SQSClient;
  destroy(): void;
}

export interface SdkCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export const rootCredentials: SdkCredentials = { accessKeyId: 'test', secretAccessKey: 'test' };

/** What every client of the JavaScript SDK is made with. One attempt: a test wants to see the first answer. */
export function sdkConfig(endpoint: string, credentials: SdkCredentials = rootCredentials, region = 'us-east-1') {
  return { endpoint, region, credentials, maxAttempts: 1 };
}

const loadPackage = createRequire(import.meta.url);

export function sdkClients(endpoint: string, credentials: SdkCredentials = rootCredentials, region = 'us-east-1'): SdkClients {
  const config = sdkConfig(endpoint, credentials, region);
  const made = new Map<string, { destroy(): void }>();
  // The constructor is named as the package exports it, and typed by who asks.
  const client = <Client extends { destroy(): void }>(packageName: string, className: string, more: object = {}): Client => {
    const known = made.get(className);
    if (known) return known as Client;
    const loaded = loadPackage(`@aws-sdk/${packageName}`) as Readonly<Record<string, new (options: object) => Client>>;
    const Constructor = loaded[className];
    if (!Constructor) throw new Error(`${packageName} has no ${className}`);
    const fresh = new Constructor({ ...config, ...more });
    made.set(className, fresh);
    return fresh;
  };
  return {
    get lambda() { return client<LambdaClient>('client-lambda', 'LambdaClient'); },
    get iam() { return client<IAMClient>('client-iam', 'IAMClient'); },
    get sts() { return client<STSClient>('client-sts', 'STSClient'); },
    get logs() { return client<CloudWatchLogsClient>('client-cloudwatch-logs', 'CloudWatchLogsClient'); },
    get kms() { return client<KMSClient>('client-kms', 'KMSClient'); },
    get s3() { return client<S3Client>('client-s3', 'S3Client', { forcePathStyle: true }); },
    get sns() { return client<SNSClient>('client-sns', 'SNSClient'); },
    get sqs() { return client<SQSClient>('client-sqs', 'SQSClient'); },
    destroy() {
      for (const each of made.values()) each.destroy();
    },
  };
}
