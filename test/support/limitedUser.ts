import { CreateAccessKeyCommand, CreateUserCommand, PutUserPolicyCommand } from '@aws-sdk/client-iam';
import { uniqueName } from './functions.ts';
import { sdkClients, type SdkClients, type SdkCredentials } from './sdkClients.ts';
import type { Scene } from './useServer.ts';

export interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export interface LimitedUser {
  readonly arn: string;
  readonly clients: SdkClients;
  /** Clients with some of the credentials replaced. */
  with(replaced: Partial<SdkCredentials>): SdkClients;
}

/** A user with one key and exactly these permissions: policies of issued keys are enforced (design.md §6). */
export async function createLimitedUser({ aws, server }: Scene, statements: readonly Statement[]): Promise<LimitedUser> {
  const UserName = uniqueName('user');
  const { User } = await aws.iam.send(new CreateUserCommand({ UserName }));
  if (statements.length > 0) {
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: statements });
    await aws.iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'only-this', PolicyDocument }));
  }
  const { AccessKey } = await aws.iam.send(new CreateAccessKeyCommand({ UserName }));
  const credentials = { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' };
  return {
    arn: User?.Arn ?? '',
    clients: sdkClients(server.endpoint, credentials),
    with: (replaced) => sdkClients(server.endpoint, { ...credentials, ...replaced }),
  };
}
