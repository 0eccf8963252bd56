// How what is under way is written: where it goes, and what it carries besides the event.

import { formatArn, parseArn } from '../../../base/arn.ts';
import type { BusName } from './names.ts';

/** The way that an event has come so far. */
export interface Trail {
  /** Buses that it has been on before this one. */
  readonly hops: number;
  readonly crossedAccount?: true;
  readonly crossedRegion?: true;
}

export const startOfTrail: Trail = { hops: 0 };

export interface Header {
  readonly trail: Trail;
  readonly ingestedAtMs: number;
  /** Only to these rules: a replay's filter. */
  readonly only?: readonly string[];
  /** The last rule and target that have been served: what is left of a wide fan-out. */
  readonly after?: readonly [rule: string, target: string];
}

/** One target of one rule. */
export interface Place extends BusName {
  readonly rule: string;
  readonly target: string;
}

export function placeArn({ account, region, bus, rule, target }: Place): string {
  return formatArn({ service: 'events', account, region, resource: `delivery/${bus}/${rule}/${target}` });
}

export function fanOutArn({ account, region, bus }: BusName): string {
  return formatArn({ service: 'events', account, region, resource: `fan-out/${bus}` });
}

/** Undefined for what these two have not made. */
export function parsePlace(arn: string): { readonly kind: 'target'; readonly place: Place } | { readonly kind: 'fan-out'; readonly bus: BusName } | undefined {
  const parsed = parseArn(arn);
  if (parsed?.service !== 'events') return undefined;
  const { account, region, resource } = parsed;
  const [kind, bus = '', rule = '', target = ''] = resource.split('/');
  if (kind === 'fan-out') return { kind, bus: { account, region, bus } };
  return kind === 'delivery' ? { kind: 'target', place: { account, region, bus, rule, target } } : undefined;
}

export function encodePayload(header: Header, eventText: string): Uint8Array {
  return Buffer.from(`${JSON.stringify(header)}\n${eventText}`);
}

export function decodePayload(payload: Uint8Array): { readonly header: Header; readonly eventText: string } {
  const text = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('utf8');
  const end = text.indexOf('\n');
  return { header: JSON.parse(text.slice(0, end)) as Header, eventText: text.slice(end + 1) };
}
