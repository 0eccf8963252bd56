// The few steps that nearly every test of a function begins with.

import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import type { CreateFunctionCommandInput, InvokeCommandInput, LambdaClient } from '@aws-sdk/client-lambda';
import { basicExecutionPolicyArn, lambdaTrustPolicy } from './executionRole.ts';
import type { SdkClients } from './sdkClients.ts';
import { zipFiles } from './zipFolder.ts';

export { basicExecutionPolicyArn, lambdaTrustPolicy } from './executionRole.ts';

// Loaded when first used: most files want one of these steps or only a name.
const loadPackage = createRequire(import.meta.url);
const iamPackage = () => loadPackage('@aws-sdk/client-iam') as typeof import('@aws-sdk/client-iam');
const lambdaPackage = () => loadPackage('@aws-sdk/client-lambda') as typeof import('@aws-sdk/client-lambda');

/** Tests share a server by never sharing a name. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${randomBytes(5).toString('hex')}`;
}

/** A role as tutorials make one: trusted by Lambda, with the managed basic policy. */
export async function createExecutionRole({ iam }: SdkClients): Promise<string> {
  const RoleName = uniqueName('role');
  const { Role } = await iam.send(new (iamPackage().CreateRoleCommand)({ RoleName, AssumeRolePolicyDocument: lambdaTrustPolicy }));
  await iam.send(new (iamPackage().AttachRolePolicyCommand)({ RoleName, PolicyArn: basicExecutionPolicyArn }));
  return Role?.Arn ?? '';
}

export type FunctionSettings = Partial<Omit<CreateFunctionCommandInput, 'Code'>> & {
  readonly Role: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly zip?: Uint8Array;
};

/** Creates a function and waits until it can be invoked; answers its name. */
export async function createFunction(lambda: LambdaClient, settings: FunctionSettings): Promise<string> {
  const { files, zip, ...input } = settings;
  const FunctionName = input.FunctionName ?? uniqueName('function');
  await lambda.send(
    new (lambdaPackage().CreateFunctionCommand)({ Runtime: 'nodejs22.x', Handler: 'index.handler', ...input, FunctionName, Code: { ZipFile: zip ?? zipFiles(files ?? {}) } }),
  );
  await lambdaPackage().waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 60, minDelay: 1, maxDelay: 2 }, { FunctionName });
  return FunctionName;
}

export async function waitUntilUpdated(lambda: LambdaClient, FunctionName: string): Promise<void> {
  await lambdaPackage().waitUntilFunctionUpdatedV2({ client: lambda, maxWaitTime: 60, minDelay: 1, maxDelay: 2 }, { FunctionName });
}

export interface Invocation {
  readonly status: number | undefined;
  readonly functionError: string | undefined;
  readonly executedVersion: string | undefined;
  readonly text: string;
  /** The parsed payload; undefined when it is not JSON. */
  readonly payload: unknown;
  /** The decoded log tail, when it was asked for. */
  readonly logTail: string;
  readonly requestId: string;
}

export async function invoke(
  lambda: LambdaClient,
  FunctionName: string,
  event: unknown = {},
  options: Partial<Omit<InvokeCommandInput, 'FunctionName' | 'Payload'>> = {},
): Promise<Invocation> {
  const answer = await lambda.send(new (lambdaPackage().InvokeCommand)({ ...options, FunctionName, Payload: JSON.stringify(event) }));
  const text = Buffer.from(answer.Payload ?? new Uint8Array()).toString('utf8');
  return {
    status: answer.StatusCode,
    functionError: answer.FunctionError,
    executedVersion: answer.ExecutedVersion,
    text,
    payload: parseOrUndefined(text),
    logTail: Buffer.from(answer.LogResult ?? '', 'base64').toString('utf8'),
    requestId: answer.$metadata.requestId ?? '',
  };
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
