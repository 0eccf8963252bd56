// Aliases: names for versions, and how invocations are divided between two of them.
// https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html
import type { AliasConfiguration } from '@aws-sdk/client-lambda';
import { errors } from '../errors.ts';
import { latest } from '../store.ts';
import type { AliasRow } from '../store.ts';
import { functionArn } from './functionName.ts';
import type { Place } from './functionName.ts';

export type Weights = AliasRow['weights'];

/** The answer that describes an alias. */
export const describeAlias = (place: Place, functionName: string, row: AliasRow): AliasConfiguration => ({
  AliasArn: functionArn(place, functionName, row.name),
  Name: row.name,
  FunctionVersion: row.version,
  Description: row.description,
  ...(row.weights.length === 0 ? {} : { RoutingConfig: { AdditionalVersionWeights: Object.fromEntries(row.weights) } }),
  RevisionId: row.revisionId,
});

/** Whether a qualifier names an alias: anything but a number and $LATEST. */
export const isAliasName = (qualifier: string): boolean => qualifier !== latest && !/^\d+$/.test(qualifier);

/** The number of a published version, or undefined for what cannot be one. */
export const versionNumberOf = (qualifier: string): number | undefined => (/^[1-9]\d{0,14}$/.test(qualifier) ? Number(qualifier) : undefined);

/** The weights of a request, or AWS's error for what cannot be routed. Whether the versions exist is for the store to say. */
export function requireWeights(given: Readonly<Record<string, number>>, version: string): Weights {
  const weights = Object.entries(given);
  if (weights.length > 1) throw errors.invalidParameter('Number of items in AdditionalVersionWeights cannot be greater than 1');
  const [first] = weights;
  if (first === undefined) return [];
  requireRoutable(weights, version);
  return weights;
}

/** Throws when an alias for this version cannot have these weights. */
export function requireRoutable(weights: Weights, version: string): void {
  if (weights.length === 0) return;
  if (version === latest) throw errors.invalidParameter('$LATEST is not supported for an alias pointing to more than 1 version');
  if (weights.some(([other]) => other === version)) {
    throw errors.invalidParameter(`Invalid function version ${version}. Function version ${version} is already included in routing configuration.`);
  }
}

/** The version that serves an invocation; `fraction` is uniform in [0, 1). */
export function routeAlias({ version, weights }: AliasRow, fraction: number): string {
  let rest = fraction;
  for (const [other, weight] of weights) {
    if (rest < weight) return other;
    rest -= weight;
  }
  return version;
}
