import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { IAMClient } from '@aws-sdk/client-iam';
import { KMSClient } from '@aws-sdk/client-kms';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { STSClient } from '@aws-sdk/client-sts';

export interface SdkClients {
  readonly lambda: LambdaClient;
  readonly iam: IAMClient;
  readonly sts: STSClient;
  readonly logs: CloudWatchLogsClient;
  readonly kms: KMSClient;
  readonly s3: S3Client;
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

export function sdkClients(endpoint: string, credentials: SdkCredentials = rootCredentials, region = 'us-east-1'): SdkClients {
  const config = sdkConfig(endpoint, credentials, region);
  const clients = {
    lambda: new LambdaClient(config),
    iam: new IAMClient(config),
    sts: new STSClient(config),
    logs: new CloudWatchLogsClient(config),
    kms: new KMSClient(config),
    s3: new S3Client({ ...config, forcePathStyle: true }),
    sqs: new SQSClient(config),
  };
  return {
    ...clients,
    destroy() {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}
