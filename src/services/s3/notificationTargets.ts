import type { DestinationAccess } from '../../ports/destinationAccess.ts';
import type { FunctionAccess } from '../../ports/functionAccess.ts';

/** Who is asked whether S3 may send to a destination. */
export interface NotificationTargets {
  readonly functions: FunctionAccess;
  /** Other kinds of destination by the service of their ARN (`sqs`, `sns`, `events`). */
  readonly others: ReadonlyMap<string, DestinationAccess>;
}
