// From what a request calls a parameter to the parameter, and to what its use needs permission for.
import type { AccessRequest, Call } from '../../framework/context.ts';
import type { ReadTransaction } from '../../kv/store.ts';
import type { Scope } from '../../kv/table.ts';
import { isLabel } from './domain/labels.ts';
import { parameterArn, parseReference } from './domain/names.ts';
import type { ParameterReference } from './domain/names.ts';
import { labelNotFound, parameterNotFound, validation, versionNotFound } from './errors.ts';
import { scopeOf } from './operation.ts';
import type { SsmDeps } from './operation.ts';
import { labels, parameters, policies, versions } from './store.ts';
import type { ParameterRow, VersionRow } from './store.ts';

export interface FoundParameter {
  readonly scope: Scope;
  readonly name: string;
  readonly arn: string;
  readonly row: ParameterRow;
}

export function requireReference(text: string, call: Call): ParameterReference {
  const reference = parseReference(text, scopeOf(call));
  if (reference === undefined) throw validation('Invalid parameter name. Please use correct syntax for referencing a version/label  <name>:<version/label>');
  return reference;
}

/** Undefined when there is no such parameter. */
export async function findParameter(tx: ReadTransaction, call: Call, { place: scope, names }: ParameterReference): Promise<FoundParameter | undefined> {
  if (scope.region !== call.region) return undefined;
  for (const name of names) {
    const row = await parameters.get(tx, scope, [name]);
    if (row !== undefined) return { scope, name, row, arn: parameterArn(scope, name) };
  }
  return undefined;
}

/** By a name, or an ARN where the operation takes one; no selector. */
export async function requireParameter(tx: ReadTransaction, call: Call, text: string): Promise<FoundParameter> {
  const found = await findParameter(tx, call, requireReference(text, call));
  if (found === undefined) throw parameterNotFound();
  return found;
}

/** The version that a selector means; the latest without one. */
export async function chooseVersion(tx: ReadTransaction, { scope, row, name }: FoundParameter, selector: string | undefined): Promise<VersionRow> {
  if (selector === undefined) return row.latest;
  if (/^\d+$/.test(selector)) {
    const version = Number(selector);
    const chosen = version === row.latest.version ? row.latest : Number.isSafeInteger(version) ? await versions.get(tx, scope, [row.id, version]) : undefined;
    if (chosen === undefined) throw versionNotFound(selector, name);
    return chosen;
  }
  const labelled = isLabel(selector) ? await labels.get(tx, scope, [row.id, selector]) : undefined;
  const chosen = labelled && (await versions.get(tx, scope, [row.id, labelled.version]));
  if (chosen === undefined) throw labelNotFound(selector, name);
  return chosen;
}

type Conditions = Readonly<Record<string, string | readonly string[]>>;

/** Permission for something on one parameter, which need not be there. */
export function parameterAccess(action: string, text: string, call: Call, { store }: Pick<SsmDeps, 'store'>, conditions: Conditions = {}): Promise<AccessRequest> {
  return store.read((tx) => accessTo(tx, action, text, call, conditions));
}

export async function accessTo(tx: ReadTransaction, action: string, text: string, call: Call, conditions: Conditions = {}): Promise<AccessRequest> {
  const reference = parseReference(text, scopeOf(call));
  const found = reference && (await findParameter(tx, call, reference));
  const resource = parameterArn(reference?.place ?? scopeOf(call), found?.name ?? reference?.names[0] ?? text);
  const keys: Record<string, string | readonly string[]> = { ...conditions };
  for (const [key, value] of Object.entries(found?.row.tags ?? {})) {
    keys[`aws:ResourceTag/${key}`] = value;
    keys[`ssm:resourceTag/${key}`] = value;
  }
  const policy = found?.row.hasPolicy ? await policies.get(tx, found.scope, [found.row.id]) : undefined;
  return { action: `ssm:${action}`, resource, conditions: keys, ...(policy === undefined ? {} : { resourcePolicy: policy.document }) };
}
