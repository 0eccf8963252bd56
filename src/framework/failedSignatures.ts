import { BoundedMap } from '../base/boundedMap.ts';
import { ServiceError } from '../base/errors.ts';
import type { ProtocolName } from '../wire/types.ts';

// A client that repeats a wrong key as fast as SDKs do stays below it; whoever tries keys does not.
const failuresMax = 500;
const forgivenPerSecond = 5;
const sendersMax = 10_000;

/** Slows down who sends one wrong signature after another: trying keys, or making the server hash for nothing. */
export interface FailedSignatures {
  /** Throws the service's throttling error while `sender` has failed too often; no signature is looked at then. */
  requireAllowed(sender: string, protocol: ProtocolName): void;
  note(sender: string): void;
}

/** `wallNow` in milliseconds. What is kept is bounded: the senders that failed last. */
export function createFailedSignatures(wallNow: () => number): FailedSignatures {
  const failures = new BoundedMap<string, { readonly count: number; readonly atMs: number }>(sendersMax);
  const countOf = (sender: string): number => {
    const known = failures.get(sender);
    return known === undefined ? 0 : Math.max(0, known.count - ((wallNow() - known.atMs) / 1_000) * forgivenPerSecond);
  };
  return {
    requireAllowed(sender, protocol) {
      if (failures.size > 0 && countOf(sender) >= failuresMax) throw throttled(protocol);
    },
    note(sender) {
      failures.set(sender, { count: Math.min(countOf(sender) + 1, failuresMax), atMs: wallNow() });
    },
  };
}

// "Common Errors" of the services say ThrottlingException, those of the query protocol Throttling; S3 has SlowDown (API reference, "Error responses").
function throttled(protocol: ProtocolName): ServiceError {
  if (protocol === 'restXml') return new ServiceError('SlowDown', 'Please reduce your request rate.', { status: 503 });
  return new ServiceError(protocol === 'awsQuery' || protocol === 'ec2Query' ? 'Throttling' : 'ThrottlingException', 'Rate exceeded', { status: 400 });
}
