// One denial with everything that explains it: for `haneul why`, and inside the encoded message that STS decodes.

import { findNearMisses, setsOf, type NearMiss } from '../policy/nearMisses.ts';
import { layerNames } from '../policy/explainDenial.ts';
import type { RequestContext } from '../policy/context.ts';
import type { ApplicableTexts } from '../policy/decide.ts';
import type { ApplicablePolicies, DecidingStatement, Evaluation, PolicyLayer, PolicyRequest, RequestPrincipal } from '../policy/types.ts';
import { contextKeysMax, contextValueCharsMax, nearMissesMax, statementCharsMax } from './limits.ts';

/** JSON through and through: it is kept, sealed and shown. */
export interface Denial {
  readonly requestId: string;
  /** Product time, ISO 8601. */
  readonly at: string;
  /** False in audit mode, where the request went on. */
  readonly enforced: boolean;
  /** The account of the request. */
  readonly account: string;
  readonly principal: { readonly arn: string; readonly id: string };
  readonly action: string;
  readonly resource: string;
  /** What the caller was told. */
  readonly sentence: string;
  readonly decision: 'explicit-deny' | 'implicit-deny';
  /** The kind of policy that denied, or that did not allow, in AWS's words. */
  readonly layer: string;
  /** The statement that denied. */
  readonly deciding?: ExplainedStatement;
  /** The policies that could have allowed and did not. */
  readonly searched?: readonly string[];
  readonly nearMisses?: readonly (Omit<NearMiss, 'statement'> & { readonly statement: ExplainedStatement })[];
  readonly context: Readonly<Record<string, readonly string[]>>;
}

export interface ExplainedStatement {
  /** The policy: an ARN, or `inline:<name>`. */
  readonly policy: string;
  readonly layer: string;
  /** From 0. */
  readonly index: number;
  readonly sid?: string;
  /** As written in the document; absent when the document cannot be read. */
  readonly statement?: unknown;
}

export interface DenialFacts {
  readonly requestId: string;
  readonly nowMs: number;
  readonly enforced: boolean;
  readonly account: string;
  readonly sentence: string;
  readonly request: PolicyRequest & { readonly context: RequestContext };
  readonly evaluation: Exclude<Evaluation, { decision: 'allow' }>;
  readonly texts: ApplicableTexts;
  readonly policies: ApplicablePolicies;
}

export function describeDenial(facts: DenialFacts): Denial {
  const { requestId, nowMs, enforced, account, sentence, request, evaluation } = facts;
  const layer = evaluation.decision === 'explicit-deny' ? evaluation.deciding.layer : evaluation.missing;
  return {
    requestId,
    at: new Date(nowMs).toISOString(),
    enforced,
    account,
    principal: nameOf(request.principal),
    action: request.action,
    resource: request.resource,
    sentence,
    decision: evaluation.decision,
    layer: layerNames[layer],
    ...(evaluation.decision === 'explicit-deny' ? { deciding: explain(evaluation.deciding, facts.texts) } : explainMissing(layer, facts)),
    context: boundedContext(request.context),
  };
}

/**
 * What the caller's account may learn by decoding its message: not the words of the policy of somebody else's resource. The
 * operator, who asks the server itself, sees them.
 */
export function withoutForeignPolicy(denial: Denial): Denial {
  const isForeign = denial.context['aws:resourceaccount']?.[0] !== denial.account && denial.layer === layerNames.resource;
  if (!isForeign) return denial;
  const { nearMisses: _misses, deciding, ...rest } = denial;
  if (!deciding) return rest;
  const { policy, layer, index } = deciding;
  return { ...rest, deciding: { policy, layer, index } };
}

function explainMissing(layer: PolicyLayer, { request, policies, texts }: DenialFacts): Pick<Denial, 'searched' | 'nearMisses'> {
  const misses = findNearMisses(layer, request, policies, nearMissesMax);
  return {
    searched: setsOf(layer, policies).flatMap(({ sources }) => sources),
    nearMisses: misses.map((miss) => ({ ...miss, statement: explain(miss.statement, texts) })),
  };
}

function explain({ layer, source, index, sid, unreadable }: DecidingStatement, texts: ApplicableTexts): ExplainedStatement {
  const statement = unreadable ? undefined : statementText(documentOf(layer, source, texts), index);
  return { policy: source, layer: layerNames[layer], index, ...(sid !== undefined && { sid }), ...(statement !== undefined && { statement }) };
}

function documentOf(layer: PolicyLayer, source: string, texts: ApplicableTexts): string | undefined {
  const { identity, boundary, session = [], resource, serviceControl = [], resourceControl = [] } = texts;
  const lists = {
    identity,
    boundary: boundary ? [boundary] : [],
    session,
    resource: resource ? [resource] : [],
    'service-control': serviceControl.flat(),
    'resource-control': resourceControl.flat(),
  };
  return lists[layer].find((text) => text.source === source)?.document;
}

function statementText(document: string | undefined, index: number): unknown {
  if (document === undefined) return undefined;
  const { Statement: statements } = JSON.parse(document) as { readonly Statement?: unknown };
  const statement: unknown = Array.isArray(statements) ? statements[index] : statements;
  const text = JSON.stringify(statement) ?? '';
  return text.length > statementCharsMax ? `${text.slice(0, statementCharsMax)}…` : statement;
}

// The caller writes some of the values, its user agent for one.
function boundedContext(context: RequestContext): Record<string, readonly string[]> {
  const bounded: Record<string, readonly string[]> = {};
  for (const [key, values] of [...context.entries()].slice(0, contextKeysMax)) {
    bounded[key.slice(0, contextValueCharsMax)] = values.slice(0, contextKeysMax).map((value) => value.slice(0, contextValueCharsMax));
  }
  return bounded;
}

function nameOf(principal: RequestPrincipal): Denial['principal'] {
  switch (principal.kind) {
    case 'anonymous':
      return { arn: 'anonymous', id: 'anonymous' };
    case 'service':
      return { arn: principal.service, id: principal.service };
    case 'federated':
      return { arn: principal.provider, id: principal.provider };
    default:
      return { arn: principal.arn, id: principal.userId ?? principal.account };
  }
}
