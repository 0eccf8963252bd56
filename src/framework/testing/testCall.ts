import { silentLogger } from '../../base/log.ts';
import type { Call } from '../context.ts';

const account = '000000000000';

/** For tests of operations: a call by root of the default account, who may do everything, unless `overrides` say otherwise. */
export function testCall(overrides: Partial<Call> = {}): Call {
  return {
    requestId: '00000000-0000-4000-8000-000000000000',
    account: overrides.caller?.account ?? account,
    region: 'us-east-1',
    caller: { kind: 'root', account, arn: `arn:aws:iam::${account}:root`, userId: account },
    nowMs: 0,
    signal: new AbortController().signal,
    log: silentLogger,
    endpoint: 'http://127.0.0.1:4566',
    sourceIp: '127.0.0.1',
    head: { method: 'POST', path: '/', query: '', headers: {} },
    authorise: async () => undefined,
    permits: async () => true,
    ...overrides,
  };
}
