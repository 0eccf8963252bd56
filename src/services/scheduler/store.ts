import { defineTable } from '../../kv/table.ts';

//   group      name                 -> GroupRow; the default group has a row only once it was tagged
//   schedule   group, name          -> ScheduleRow
//   input      schedule id, part    -> InputRow: apart, because it is long and lists do not need it

export type Tags = Readonly<Record<string, string>>;

export interface GroupRow {
  readonly createdAtMs: number;
  readonly modifiedAtMs: number;
  readonly deleting?: true;
  readonly token?: string;
  readonly tags: Tags;
}

/** What the API calls a target, without its Input. */
export interface TargetRow {
  readonly Arn: string;
  readonly RoleArn: string;
  readonly DeadLetterConfig?: { readonly Arn?: string };
  readonly RetryPolicy?: { readonly MaximumEventAgeInSeconds?: number; readonly MaximumRetryAttempts?: number };
  readonly EventBridgeParameters?: { readonly DetailType: string; readonly Source: string };
  readonly SqsParameters?: { readonly MessageGroupId?: string };
}

export interface ScheduleRow {
  /** Of this one: another of the same name has another. */
  readonly id: string;
  readonly createdAtMs: number;
  readonly modifiedAtMs: number;
  readonly expression: string;
  readonly timeZone: string;
  readonly startMs?: number;
  readonly endMs?: number;
  readonly description?: string;
  readonly state: 'ENABLED' | 'DISABLED';
  /** Minutes; absent for OFF. */
  readonly windowMinutes?: number;
  readonly action: 'NONE' | 'DELETE';
  readonly target: TargetRow;
  /** How many parts its input has; absent without one. */
  readonly inputParts?: number;
  readonly token?: string;
}

interface InputRow {
  readonly text: Uint8Array;
}

const service = 'scheduler';
export const groups = defineTable<GroupRow>(service, 'group');
export const schedules = defineTable<ScheduleRow>(service, 'schedule');
export const inputs = defineTable<InputRow>(service, 'input');
