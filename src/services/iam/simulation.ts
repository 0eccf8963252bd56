// The policy simulator: the engine that decides requests, asked about requests that nobody made.

import { parseArn } from '../../base/arn.ts';
import type { Call } from '../../framework/context.ts';
import { contextOf } from '../../policy/context.ts';
import { parsePolicy } from '../../policy/parsePolicy.ts';
import { createPolicySet } from '../../policy/policySet.ts';
import { simulate, type Simulation } from '../../policy/simulate.ts';
import { findStatementSpans } from '../../policy/statementSpans.ts';
import type { ApplicablePolicies, DecidingStatement, Policy, PolicyLayer, PolicySet, RequestPrincipal } from '../../policy/types.ts';
import { errors } from './errors.ts';

export interface SimulatedDocument {
  /** Answered as SourcePolicyId. */
  readonly id: string;
  readonly document: string;
}

export interface SimulationSetting {
  readonly identity: readonly SimulatedDocument[];
  readonly boundary?: readonly SimulatedDocument[] | undefined;
  /** One list for each level of the organisation. */
  readonly organization?: readonly (readonly SimulatedDocument[])[] | undefined;
  readonly resource?: SimulatedDocument | undefined;
  readonly principal: RequestPrincipal;
}

export interface SimulationInput {
  readonly ActionNames: string[] | undefined;
  readonly ResourceArns?: string[] | undefined;
  readonly ResourceOwner?: string | undefined;
  readonly ContextEntries?: { readonly ContextKeyName?: string | undefined; readonly ContextKeyValues?: string[] | undefined }[] | undefined;
}

interface Prepared {
  readonly policies: ApplicablePolicies;
  readonly documents: ReadonlyMap<string, string>;
}

/** One result for each action and resource. */
export function runSimulation(setting: SimulationSetting, input: SimulationInput, call: Call) {
  const prepared = prepare(setting);
  const resources = input.ResourceArns?.length ? input.ResourceArns : ['*'];
  const keys = Object.fromEntries((input.ContextEntries ?? []).map(({ ContextKeyName = '', ContextKeyValues = [] }) => [ContextKeyName, ContextKeyValues]));
  return (input.ActionNames ?? []).flatMap((action) => {
    // API reference, ActionNames: wildcards are not allowed.
    if (!/^[a-zA-Z0-9-]+:[a-zA-Z0-9]+$/.test(action)) throw errors.invalidInput(`Invalid Action Name : ${action}`);
    return resources.map((resource) => {
      const resourceAccount = accountIn(input.ResourceOwner) ?? accountIn(resource) ?? accountOf(setting.principal);
      const context = contextOf({ principal: setting.principal, nowMs: call.nowMs, resourceAccount, keys });
      const request = { principal: setting.principal, action, resource, ...(resourceAccount !== undefined && { resourceAccount }), context };
      return resultOf(action, resource, simulate(request, prepared.policies), prepared.documents);
    });
  });
}

/** Reads a document given for simulation. */
export function readSimulated(document: string): Policy {
  const parsed = parsePolicy(document, 'stored');
  if ('problem' in parsed) throw errors.invalidInput(parsed.problem);
  return parsed.policy;
}

/** Numbers documents as the simulator does: `PolicyInputList.1` … */
export function numbered(list: string, documents: readonly string[] | undefined): SimulatedDocument[] {
  return (documents ?? []).map((document, index) => ({ id: `${list}.${index + 1}`, document }));
}

function prepare({ identity, boundary, organization, resource }: SimulationSetting): Prepared {
  const documents = new Map<string, string>();
  const setOf = (given: readonly SimulatedDocument[]): PolicySet => {
    for (const { id, document } of given) documents.set(id, document);
    return createPolicySet(given.map(({ id, document }) => ({ source: id, policy: readSimulated(document) })));
  };
  const policies: ApplicablePolicies = {
    identity: [setOf(identity)],
    boundary: boundary && boundary.length > 0 ? [setOf(boundary)] : undefined,
    resource: resource && [setOf([resource])],
    serviceControl: organization && organization.length > 0 ? organization.map((level) => [setOf(level)]) : undefined,
  };
  return { policies, documents };
}

const decisions = { allow: 'allowed', 'explicit-deny': 'explicitDeny', 'implicit-deny': 'implicitDeny' } as const;

function resultOf(action: string, resource: string, simulation: Simulation, documents: ReadonlyMap<string, string>) {
  const { evaluation, matched, missingKeys, allowedByBoundary, allowedByOrganization } = simulation;
  const decision = decisions[evaluation.decision];
  const MatchedStatements = matched.map((statement) => matchedStatement(statement, documents));
  const boundary = allowedByBoundary === undefined ? {} : { PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: allowedByBoundary } };
  const result = {
    EvalActionName: action,
    EvalResourceName: resource,
    EvalDecision: decision,
    MatchedStatements,
    // With a resource they are told beside it (API reference, EvaluationResult).
    MissingContextValues: resource === '*' ? [...missingKeys] : [],
    ...boundary,
    ...(allowedByOrganization === undefined ? {} : { OrganizationsDecisionDetail: { AllowedByOrganizations: allowedByOrganization } }),
  };
  if (resource === '*') return result;
  const specific = { EvalResourceName: resource, EvalResourceDecision: decision, MatchedStatements, MissingContextValues: [...missingKeys], ...boundary };
  return { ...result, EvalDecisionDetails: {}, ResourceSpecificResults: [specific] };
}

const sourceTypes: Readonly<Record<PolicyLayer, string>> = {
  identity: 'IAM Policy',
  boundary: 'IAM Permissions Boundary Policy',
  session: 'IAM Policy',
  resource: 'Resource Policy',
  'service-control': 'Service Control Policy',
  'resource-control': 'Resource Control Policy',
};

function matchedStatement({ layer, source, index }: DecidingStatement, documents: ReadonlyMap<string, string>) {
  const span = findStatementSpans(documents.get(source) ?? '')[index];
  // The service answers these words, which are none of the model's values.
  const SourcePolicyType = sourceTypes[layer] as 'none';
  if (!span) return { SourcePolicyId: source, SourcePolicyType };
  const { start, end } = span;
  return { SourcePolicyId: source, SourcePolicyType, StartPosition: { Line: start.line, Column: start.column }, EndPosition: { Line: end.line, Column: end.column } };
}

function accountIn(arn: string | undefined): string | undefined {
  if (arn === undefined) return undefined;
  const account = /^\d{12}$/.test(arn) ? arn : parseArn(arn)?.account;
  return account !== undefined && /^\d{12}$/.test(account) ? account : undefined;
}

function accountOf(principal: RequestPrincipal): string | undefined {
  return 'account' in principal ? principal.account : undefined;
}
