import { formatArn, parseArn } from '../../../base/arn.ts';
import type { Scope } from '../../../kv/table.ts';

/** A bus, wherever it is. */
export interface BusName extends Scope {
  readonly bus: string;
}

export const defaultBus = 'default';

export function busArn({ account, region, bus }: BusName): string {
  return formatArn({ service: 'events', account, region, resource: `event-bus/${bus}` });
}

/** Rules of the default bus are named without it (service authorization reference, "Resource types defined by Amazon EventBridge"). */
export function ruleArn({ account, region, bus }: BusName, rule: string): string {
  return formatArn({ service: 'events', account, region, resource: bus === defaultBus ? `rule/${rule}` : `rule/${bus}/${rule}` });
}

/** The bus that a name or an ARN means. */
export function busNameOf(nameOrArn: string | undefined, here: Scope): BusName {
  if (nameOrArn === undefined || nameOrArn === '') return { account: here.account, region: here.region, bus: defaultBus };
  return parseBusArn(nameOrArn) ?? { account: here.account, region: here.region, bus: nameOrArn };
}

/** Undefined for what is no bus's ARN. */
export function parseBusArn(arn: string): BusName | undefined {
  const parsed = parseArn(arn);
  const bus = parsed?.service === 'events' ? /^event-bus\/([/._\-A-Za-z0-9]{1,256})$/.exec(parsed.resource)?.[1] : undefined;
  return parsed && bus !== undefined && isPlace(parsed) ? { account: parsed.account, region: parsed.region, bus } : undefined;
}

export interface RuleName extends BusName {
  readonly rule: string;
}

/** Undefined for what is no rule's ARN. */
export function parseRuleArn(arn: string): RuleName | undefined {
  const parsed = parseArn(arn);
  const found = parsed?.service === 'events' ? /^rule\/(?:([._\-A-Za-z0-9]{1,256})\/)?([._\-A-Za-z0-9]{1,64})$/.exec(parsed.resource) : undefined;
  if (!parsed || !found || !isPlace(parsed)) return undefined;
  return { account: parsed.account, region: parsed.region, bus: found[1] ?? defaultBus, rule: found[2] ?? '' };
}

/** `arn:…:<kind>/<name>` or `arn:…:<kind>/<name>/<id>`: archives, connections, API destinations. */
export function parseOwnArn(arn: string, kind: string): (Scope & { readonly name: string; readonly id: string | undefined }) | undefined {
  const parsed = parseArn(arn);
  const [found, name, id] = parsed?.service === 'events' ? parsed.resource.split('/') : [];
  return parsed && found === kind && name !== undefined && name !== '' && isPlace(parsed) ? { account: parsed.account, region: parsed.region, name, id } : undefined;
}

export function ownArn({ account, region }: Scope, kind: string, name: string, id?: string): string {
  return formatArn({ service: 'events', account, region, resource: id === undefined ? `${kind}/${name}` : `${kind}/${name}/${id}` });
}

function isPlace({ account, region }: Scope): boolean {
  return /^\d{12}$/.test(account) && /^[a-z0-9-]{1,30}$/.test(region);
}
