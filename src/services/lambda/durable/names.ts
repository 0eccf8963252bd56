// The names of executions, their tokens and callbacks. All but the ARN mean something to this server only.
import { formatArn, parseArn } from '../../../base/arn.ts';
import type { ExecutionKey } from './store.ts';

export interface ExecutionName extends ExecutionKey {
  readonly version: string;
  readonly executionId: string;
}

const form = /^function:([\w-]+):(\$LATEST|[0-9]+)\/durable-execution\/([\w-]+)\/([\w-]+)$/;

/** `arn:aws:lambda:<region>:<account>:function:<name>:<version>/durable-execution/<name>/<id>`; undefined for anything else. */
export function parseExecutionArn(text: string): ExecutionName | undefined {
  const arn = parseArn(text);
  const match = arn?.service === 'lambda' ? form.exec(arn.resource) : null;
  if (!arn || !match) return undefined;
  const [, functionName = '', version = '', name = '', executionId = ''] = match;
  return { account: arn.account, region: arn.region, functionName, version, name, executionId };
}

export const executionArn = ({ account, region, functionName, version, name, executionId }: ExecutionName): string =>
  formatArn({ service: 'lambda', region, account, resource: `function:${functionName}:${version}/durable-execution/${name}/${executionId}` });

const encode = (parts: readonly unknown[]): string => Buffer.from(JSON.stringify(parts)).toString('base64');

function decode(text: string): readonly unknown[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(text, 'base64').toString('utf8'));
    return Array.isArray(parts) ? parts : [];
  } catch {
    return [];
  }
}

export const makeToken = (executionId: string, number: number): string => encode([executionId, number]);

/** The number of a token of this execution; undefined for any other text. */
export function openToken(text: string, executionId: string): number | undefined {
  const [id, number] = decode(text);
  return id === executionId && typeof number === 'number' ? number : undefined;
}

export interface CallbackName extends ExecutionName {
  readonly arn: string;
  readonly operationId: string;
}

export const makeCallbackId = (callback: Omit<CallbackName, 'arn'>): string => encode([executionArn(callback), callback.operationId]);

export function openCallbackId(text: string): CallbackName | undefined {
  const [arn, operationId] = decode(text);
  const name = typeof arn === 'string' ? parseExecutionArn(arn) : undefined;
  return name === undefined || typeof operationId !== 'string' ? undefined : { ...name, arn: String(arn), operationId };
}
