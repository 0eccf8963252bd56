// What services that tell of themselves (S3, alarms, EC2 …) ask of EventBridge.
import type { Transaction } from '../kv/store.ts';

/** An event of an AWS service. Its id is made by the bus. */
export interface ServiceEvent {
  /** Whose default bus it goes to. */
  readonly account: string;
  readonly region: string;
  /** `aws.s3`. */
  readonly source: string;
  readonly detailType: string;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly resources: readonly string[];
  /** When it happened, product time. */
  readonly atMs: number;
}

export interface EventBus {
  /** Commits with `tx` that every rule of the default bus gets the event. Answers its id. */
  put(tx: Transaction, event: ServiceEvent): Promise<string>;
}

/** The payload of an envelope that is delivered to the ARN of any bus: by destinations of functions, pipes and schedules. */
export interface BusMessage {
  readonly source: string;
  readonly 'detail-type': string;
  readonly detail: unknown;
  readonly resources?: readonly string[];
  /** As in the event; the moment of arrival without it. */
  readonly time?: string;
}
