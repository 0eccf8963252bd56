// A function's own policy: who may invoke it besides those whom their own policies allow.
// https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
import type { AddPermissionRequest } from '@aws-sdk/client-lambda';
import { partitionOf } from '../../../base/arn.ts';
import { errors } from '../errors.ts';
import { policyBytesMax } from '../limits.ts';

/** A statement as AWS writes it; the order of the members is that of its JSON. */
export interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Principal: string | Readonly<Record<string, string>>;
  readonly Action: string;
  readonly Resource: string;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** The statement of an AddPermission request, about the function, version or alias `resource`. */
export function makeStatement(input: AddPermissionRequest, resource: string, region: string): Statement {
  const action = input.Action ?? '';
  requireUrlAction(input, action);
  const condition = conditionOf(input);
  return {
    Sid: input.StatementId ?? '',
    Effect: 'Allow',
    Principal: principalOf(input.Principal ?? '', region),
    Action: action,
    Resource: resource,
    ...(Object.keys(condition).length === 0 ? {} : { Condition: condition }),
  };
}

/** The document with one more statement; `document` is undefined for the first. Throws for a taken id, or when it grows too large. */
export function addStatement(document: string | undefined, statement: Statement): string {
  const statements = statementsOf(document);
  if (statements.some(({ Sid }) => Sid === statement.Sid)) throw errors.statementExists(statement.Sid);
  const next = formatPolicy([...statements, statement]);
  const bytes = Buffer.byteLength(next);
  if (bytes > policyBytesMax) throw errors.policyTooLarge(bytes, policyBytesMax);
  return next;
}

/** The document without a statement; undefined when none is left. */
export function removeStatement(document: string, statementId: string): string | undefined {
  const statements = statementsOf(document);
  const rest = statements.filter(({ Sid }) => Sid !== statementId);
  if (rest.length === statements.length) throw errors.statementNotFound(statementId);
  return rest.length === 0 ? undefined : formatPolicy(rest);
}

const formatPolicy = (statements: readonly Statement[]): string => JSON.stringify({ Version: '2012-10-17', Id: 'default', Statement: statements });

function statementsOf(document: string | undefined): readonly Statement[] {
  return document === undefined ? [] : (JSON.parse(document) as { readonly Statement: readonly Statement[] }).Statement;
}

/** Whom a permission is for, as a policy names them. */
export function principalOf(principal: string, region: string): Statement['Principal'] {
  if (principal === '*') return '*';
  if (/^\d{12}$/.test(principal)) return { AWS: `arn:${partitionOf(region)}:iam::${principal}:root` };
  // Whether a user or role exists is not asked: the policy speaks of its name.
  if (/^arn:aws[a-zA-Z-]*:(iam|sts)::\d{12}:(root|(user|role|assumed-role)\/[^:*?]+)$/.test(principal)) return { AWS: principal };
  if (/^[a-z0-9][a-z0-9.-]*\.(amazonaws\.com(\.cn)?|amazon\.com)$/.test(principal)) return { Service: principal };
  throw errors.invalidParameter('The provided principal was invalid. Please check the principal and try again.');
}

function conditionOf(input: AddPermissionRequest): Record<string, Record<string, string>> {
  const equals: Record<string, string> = {
    ...(input.SourceAccount === undefined ? {} : { 'AWS:SourceAccount': input.SourceAccount }),
    ...(input.EventSourceToken === undefined ? {} : { 'lambda:EventSourceToken': input.EventSourceToken }),
    ...(input.PrincipalOrgID === undefined ? {} : { 'aws:PrincipalOrgID': input.PrincipalOrgID }),
    ...(input.FunctionUrlAuthType === undefined ? {} : { 'lambda:FunctionUrlAuthType': input.FunctionUrlAuthType }),
  };
  return {
    ...(Object.keys(equals).length === 0 ? {} : { StringEquals: equals }),
    ...(input.SourceArn === undefined ? {} : { ArnLike: { 'AWS:SourceArn': input.SourceArn } }),
    ...(input.InvokedViaFunctionUrl === undefined ? {} : { Bool: { 'lambda:InvokedViaFunctionUrl': String(input.InvokedViaFunctionUrl) } }),
  };
}

// API reference, AddPermission: the one is for `lambda:InvokeFunctionUrl`, the other for `lambda:InvokeFunction`.
function requireUrlAction(input: AddPermissionRequest, action: string): void {
  if (input.FunctionUrlAuthType !== undefined && action !== 'lambda:InvokeFunctionUrl') {
    throw errors.invalidParameter('FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action');
  }
  if (input.InvokedViaFunctionUrl !== undefined && action !== 'lambda:InvokeFunction') {
    throw errors.invalidParameter('InvokedViaFunctionUrl is only supported for lambda:InvokeFunction action');
  }
}
