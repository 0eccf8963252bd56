// Metrics as requests name them.
import type { Dimension } from '@aws-sdk/client-cloudwatch';
import { errors } from '../errors.ts';
import { sortedDimensions } from '../store.ts';
import type { Dimensions } from '../store.ts';

/** Dimensions in the order of their names; the same name twice is refused. */
export function requireDimensions(given: readonly Dimension[] | undefined): Dimensions {
  const pairs = Object.fromEntries((given ?? []).map(({ Name = '', Value = '' }) => [Name, Value]));
  const dimensions = sortedDimensions(pairs);
  if (dimensions.length !== (given ?? []).length) throw errors.invalidValue('No Metric may specify the same dimension name twice.');
  return dimensions;
}

export const describeDimensions = (dimensions: Dimensions): { Name: string; Value: string }[] => dimensions.map(([Name, Value]) => ({ Name, Value }));
