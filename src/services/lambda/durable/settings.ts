// DurableConfig of a function. https://docs.aws.amazon.com/lambda/latest/dg/durable-configuration.html
import type { DurableConfig } from '@aws-sdk/client-lambda';
import { errors } from '../errors.ts';
import type { DurableSettings, VersionRow } from '../store.ts';
import { executionTimeoutSecondsDefault, retentionDaysDefault } from './limits.ts';

/** What is not given stays as it was, or has its default. */
export const durableSettings = ({ ExecutionTimeout, RetentionPeriodInDays }: DurableConfig, old: DurableSettings | undefined): DurableSettings => ({
  timeoutSeconds: ExecutionTimeout ?? old?.timeoutSeconds ?? executionTimeoutSecondsDefault,
  retentionDays: RetentionPeriodInDays ?? old?.retentionDays ?? retentionDaysDefault,
});

/** The same page: a function is durable from its creation, or never. */
export function withDurable(row: VersionRow, given: DurableConfig | undefined): VersionRow {
  if (given === undefined) return row;
  if (row.durable === undefined) throw errors.invalidParameter('You cannot add a durable configuration to an existing function. Durable execution can only be enabled when a function is created.');
  return { ...row, durable: durableSettings(given, row.durable) };
}
