import type { Denial } from '../../../framework/denial.ts';
import { errors } from '../errors.ts';
import { operation } from '../operation.ts';
import { requireSigned } from '../requireSigned.ts';

export const decodeAuthorizationMessage = operation('DecodeAuthorizationMessage', {
  access: () => ({ action: 'sts:DecodeAuthorizationMessage', resource: '*' }),
  handle({ EncodedMessage }, call, { messages }) {
    requireSigned(call);
    const denial = messages.open(EncodedMessage ?? '');
    // What another account was denied is that account's affair.
    if (!denial || denial.account !== call.account) throw errors.invalidAuthorizationMessage();
    return { DecodedMessage: JSON.stringify(decodedMessageOf(denial)) };
  },
});

// The form of AWS's decoded messages (API reference, DecodeAuthorizationMessage), in which every list is an object with
// `items`. Where AWS names no policy, `haneul` says which one decided and what nearly allowed.
function decodedMessageOf(denial: Denial): object {
  const { deciding, searched, nearMisses, principal, action, resource, context } = denial;
  return {
    allowed: false,
    explicitDeny: denial.decision === 'explicit-deny',
    matchedStatements: { items: deciding ? [matchedStatement(deciding.sid, deciding.statement)] : [] },
    failures: { items: [] },
    context: {
      principal: { id: principal.id, arn: principal.arn },
      action,
      resource,
      conditions: { items: Object.entries(context).map(([key, values]) => ({ key, values: valuesOf(values) })) },
    },
    haneul: { requestId: denial.requestId, at: denial.at, reason: denial.sentence, layer: denial.layer, deciding, searched, nearMisses },
  };
}

function matchedStatement(sid: string | undefined, statement: unknown): object {
  const { Action, NotAction, Resource, NotResource, Principal, NotPrincipal, Condition } = (typeof statement === 'object' && statement !== null ? statement : {}) as Readonly<
    Record<string, unknown>
  >;
  return {
    statementId: sid ?? '',
    effect: 'DENY',
    principals: valuesOf(textsIn(Principal ?? NotPrincipal)),
    principalGroups: { items: [] },
    actions: valuesOf(textsIn(Action ?? NotAction)),
    resources: valuesOf(textsIn(Resource ?? NotResource)),
    conditions: { items: conditionItems(Condition) },
  };
}

function conditionItems(block: unknown): object[] {
  if (typeof block !== 'object' || block === null) return [];
  return Object.values(block).flatMap((keys: unknown) =>
    typeof keys === 'object' && keys !== null ? Object.entries(keys).map(([key, values]) => ({ key, values: valuesOf(textsIn(values)) })) : [],
  );
}

const valuesOf = (values: readonly string[]): object => ({ items: values.map((value) => ({ value })) });

function textsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(textsIn);
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(textsIn);
  return value === undefined || value === null ? [] : [String(value)];
}
