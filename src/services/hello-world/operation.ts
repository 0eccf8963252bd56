import { formatArn } from '../../base/arn.ts';
import type { AccessRequest, Call } from '../../framework/context.ts';
import { operationsOf } from '../../framework/service.ts';
import type { Store } from '../../kv/store.ts';

/** What every operation of the service may use. */
export interface HelloWorldDeps {
  readonly store: Store;
}

// A service of AWS names its client package here: `typeof import('@aws-sdk/client-sqs')`. This one has none, so its shapes are its own.
export const operation = operationsOf<typeof import('./shapes.ts'), HelloWorldDeps>();

export function greetingArn({ account, region }: Call, language: string): string {
  return formatArn({ service: 'hello-world', region, account, resource: `greeting/${language}` });
}

export function greetingAccess(action: string, call: Call, language: string): AccessRequest {
  return { action: `hello-world:${action}`, resource: greetingArn(call, language) };
}
