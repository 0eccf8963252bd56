// A queue's own policy: read in before it is stored, and changed by AddPermission and RemovePermission.

import { invalidAttributeValue, invalidParameter, invalidValue } from '../errors.ts';
import { policyBytesMax, policyStatementsMax } from '../limits.ts';

interface Statement {
  readonly Sid?: unknown;
  readonly [member: string]: unknown;
}

interface PolicyDocument {
  readonly Version?: unknown;
  readonly Id?: unknown;
  readonly Statement: readonly Statement[];
}

/** The text of a policy that has the form of one. */
export function readPolicy(text: string): string {
  const parsed = Buffer.byteLength(text) > policyBytesMax ? undefined : parseDocument(text);
  if (parsed === undefined || parsed.Statement.length > policyStatementsMax) throw invalidAttributeValue('Policy');
  if (parsed.Version !== undefined && parsed.Version !== '2012-10-17' && parsed.Version !== '2008-10-17') throw invalidAttributeValue('Policy');
  if (!parsed.Statement.every(isStatement)) throw invalidAttributeValue('Policy');
  return text;
}

function parseDocument(text: string): PolicyDocument | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(value)) return undefined;
  const statements = Array.isArray(value['Statement']) ? (value['Statement'] as unknown[]) : [value['Statement']];
  return statements.every(isObject) ? { ...value, Statement: statements } : undefined;
}

function isStatement(statement: Statement): boolean {
  if (statement['Effect'] !== 'Allow' && statement['Effect'] !== 'Deny') return false;
  const has = (name: string): boolean => statement[name] !== undefined || statement[`Not${name}`] !== undefined;
  return has('Principal') && has('Action');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export interface Permission {
  readonly label: string;
  readonly queueArn: string;
  readonly accountIds: readonly string[];
  /** Without the name of the service; `*` for all. */
  readonly actions: readonly string[];
}

/** The policy with one statement more, as AddPermission writes it. */
export function addPermission(policy: string | undefined, { label, queueArn, accountIds, actions }: Permission): string {
  const document = (policy === undefined ? undefined : parseDocument(policy)) ?? {
    Version: '2008-10-17',
    Id: `${queueArn}/SQSDefaultPolicy`,
    Statement: [],
  };
  if (document.Statement.some((statement) => statement.Sid === label)) throw invalidValue(label, 'Label', 'Already exists.');
  if (document.Statement.length >= policyStatementsMax) {
    throw invalidParameter(`${document.Statement.length + 1} statements were found, maximum allowed is ${policyStatementsMax}.`);
  }
  const principals = accountIds.map((id) => `arn:aws:iam::${id}:root`);
  const names = actions.map((action) => `SQS:${action}`);
  const statement = {
    Sid: label,
    Effect: 'Allow',
    Principal: { AWS: principals.length === 1 ? principals[0] : principals },
    Action: names.length === 1 ? names[0] : names,
    Resource: queueArn,
  };
  return JSON.stringify({ ...document, Statement: [...document.Statement, statement] });
}

/** The policy without the statement of that name; undefined when nothing is left. */
export function removePermission(policy: string | undefined, label: string): string | undefined {
  const document = policy === undefined ? undefined : parseDocument(policy);
  const rest = document?.Statement.filter((statement) => statement.Sid !== label) ?? [];
  if (!document || rest.length === document.Statement.length) throw invalidValue(label, 'Label', "can't find label.");
  return rest.length === 0 ? undefined : JSON.stringify({ ...document, Statement: rest });
}
