// Reads a document's JSON into statements (IAM user guide, "Grammar of the IAM JSON policy language"). What is wrong is
// told as a fault; each kind of document has its own words for it.

import { documentCharsMax, statementsMax } from './limits.ts';
import { parseOperator } from './conditions.ts';

export interface RawDocument {
  readonly version: string | undefined;
  readonly statements: readonly RawStatement[];
}

export interface RawStatement {
  readonly sid: string | undefined;
  /** As written: whether `allow` will do is not a question of grammar. */
  readonly effect: string;
  readonly action: readonly string[] | undefined;
  readonly notAction: readonly string[] | undefined;
  readonly resource: readonly string[] | undefined;
  readonly notResource: readonly string[] | undefined;
  readonly principal: RawPrincipal | undefined;
  readonly notPrincipal: RawPrincipal | undefined;
  readonly conditions: readonly RawCondition[];
}

export type RawPrincipal = '*' | ReadonlyMap<string, readonly string[]>;

export interface RawCondition {
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
}

export type Fault =
  | { readonly fault: 'json' | 'version' | 'no-statement' | 'no-effect' | 'shape' | 'principal-shape' }
  | { readonly fault: 'unknown-field' | 'effect'; readonly name: string };

/** Thrown while reading and caught by {@link readDocument}; never leaves this file. */
class FaultFound extends Error {
  readonly found: Fault;
  constructor(found: Fault) {
    super('the document has a fault');
    this.found = found;
  }
}

export function readDocument(text: string): RawDocument | Fault {
  try {
    return documentOf(text);
  } catch (error) {
    if (error instanceof FaultFound) return error.found;
    throw error;
  }
}

const versions = ['2008-10-17', '2012-10-17'];
const documentFields = new Set(['Version', 'Id', 'Statement']);
const statementFields = new Set([
  ...['Sid', 'Effect', 'Action', 'NotAction', 'Resource', 'NotResource'],
  ...['Principal', 'NotPrincipal', 'Condition'],
]);

function documentOf(text: string): RawDocument {
  const document = objectOf(parseJson(text), { fault: 'json' });
  requireKnownFields(document, documentFields);
  const { Version: version, Id: id, Statement: statement } = document;
  if (version !== undefined && !(typeof version === 'string' && versions.includes(version))) throw new FaultFound({ fault: 'version' });
  if (id !== undefined && typeof id !== 'string') throw new FaultFound({ fault: 'shape' });
  const statements = Array.isArray(statement) ? statement : statement === undefined ? [] : [statement];
  if (statements.length === 0) throw new FaultFound({ fault: 'no-statement' });
  if (statements.length > statementsMax) throw new FaultFound({ fault: 'shape' });
  return { version: version as string | undefined, statements: statements.map(statementOf) };
}

function statementOf(value: unknown): RawStatement {
  const statement = objectOf(value, { fault: 'shape' });
  requireKnownFields(statement, statementFields);
  const { Sid: sid, Effect: effect } = statement;
  if (sid !== undefined && typeof sid !== 'string') throw new FaultFound({ fault: 'shape' });
  if (effect === undefined) throw new FaultFound({ fault: 'no-effect' });
  if (typeof effect !== 'string') throw new FaultFound({ fault: 'shape' });
  if (!/^(allow|deny)$/i.test(effect)) throw new FaultFound({ fault: 'effect', name: effect });
  for (const [one, other] of [['Action', 'NotAction'], ['Resource', 'NotResource'], ['Principal', 'NotPrincipal']] as const) {
    if (statement[one] !== undefined && statement[other] !== undefined) throw new FaultFound({ fault: 'shape' });
  }
  return {
    sid,
    effect,
    action: textsOf(statement['Action']),
    notAction: textsOf(statement['NotAction']),
    resource: textsOf(statement['Resource']),
    notResource: textsOf(statement['NotResource']),
    principal: principalOf(statement['Principal']),
    notPrincipal: principalOf(statement['NotPrincipal']),
    conditions: conditionsOf(statement['Condition']),
  };
}

function principalOf(value: unknown): RawPrincipal | undefined {
  if (value === undefined) return undefined;
  if (value === '*') return '*';
  const kinds = objectOf(value, { fault: 'principal-shape' });
  return new Map(Object.entries(kinds).map(([kind, names]) => [kind, textsOf(names) ?? []]));
}

function conditionsOf(value: unknown): RawCondition[] {
  if (value === undefined) return [];
  const conditions: RawCondition[] = [];
  for (const [operator, keys] of Object.entries(objectOf(value, { fault: 'shape' }))) {
    for (const [key, values] of Object.entries(objectOf(keys, { fault: 'shape' }))) {
      if (!parseOperator(operator)) throw new FaultFound({ fault: 'shape' });
      const list = Array.isArray(values) ? values : [values];
      conditions.push({ operator, key, values: list.map(scalarOf) });
    }
  }
  return conditions;
}

function scalarOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new FaultFound({ fault: 'shape' });
}

function textsOf(value: unknown): readonly string[] | undefined {
  if (value === undefined) return undefined;
  const list: unknown[] = Array.isArray(value) ? value : [value];
  return list.map((item) => {
    if (typeof item !== 'string') throw new FaultFound({ fault: 'shape' });
    return item;
  });
}

function objectOf(value: unknown, fault: Fault): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new FaultFound(fault);
  return value as Record<string, unknown>;
}

function requireKnownFields(value: Readonly<Record<string, unknown>>, known: ReadonlySet<string>): void {
  for (const name of Object.keys(value)) if (!known.has(name)) throw new FaultFound({ fault: 'unknown-field', name });
}

function parseJson(text: string): unknown {
  if (text.length > documentCharsMax) throw new FaultFound({ fault: 'json' });
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new FaultFound({ fault: 'json' });
  }
}
