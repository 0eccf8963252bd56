// What a signed policy lets a browser form do ("Creating a POST policy").

import { errors } from '../errors.ts';

interface PolicyDocument {
  readonly expiration?: unknown;
  readonly conditions?: unknown;
}

const never = new Set(['x-amz-signature', 'file', 'policy', 'signature', 'awsaccesskeyid']);

/** Refuses a form that its policy does not cover; answers how long the file may be. */
export function requirePolicy(text: string, fields: ReadonlyMap<string, string>, nowMs: number): { readonly bytesMin: number; readonly bytesMax: number } {
  const { expiration, conditions } = parse(text);
  const expiresMs = typeof expiration === 'string' ? Date.parse(expiration) : NaN;
  if (Number.isNaN(expiresMs) || !Array.isArray(conditions)) throw errors.invalidPolicyDocument("Invalid Policy: Invalid 'expiration' value");
  if (expiresMs <= nowMs) throw errors.accessDeniedBecause('Invalid according to Policy: Policy expired.');
  const covered = new Set<string>();
  let range = { bytesMin: 0, bytesMax: Number.MAX_SAFE_INTEGER };
  for (const condition of conditions.flatMap(normalise)) {
    if (condition.kind === 'length') {
      range = { bytesMin: condition.from, bytesMax: condition.to };
      continue;
    }
    covered.add(condition.field);
    const value = fields.get(condition.field) ?? '';
    const holds = condition.kind === 'eq' ? value === condition.value : value.startsWith(condition.value);
    if (!holds) throw errors.accessDeniedBecause(`Invalid according to Policy: Policy Condition failed: [${condition.text}]`);
  }
  for (const name of fields.keys()) {
    if (covered.has(name) || never.has(name) || name.startsWith('x-ignore-')) continue;
    throw errors.accessDeniedBecause(`Invalid according to Policy: Extra input fields: ${name}`);
  }
  return range;
}

type Condition =
  | { readonly kind: 'eq' | 'starts-with'; readonly field: string; readonly value: string; readonly text: string }
  | { readonly kind: 'length'; readonly from: number; readonly to: number };

function normalise(given: unknown): Condition[] {
  if (Array.isArray(given)) {
    const [how, field, value] = given as unknown[];
    const kind = String(how).toLowerCase();
    if (kind === 'content-length-range') return [{ kind: 'length', from: Number(field), to: Number(value) }];
    if ((kind === 'eq' || kind === 'starts-with') && typeof field === 'string' && field.startsWith('$')) {
      return [{ kind, field: field.slice(1).toLowerCase(), value: String(value), text: `"${kind}", "${field}", "${String(value)}"` }];
    }
    throw errors.invalidPolicyDocument('Invalid Policy: Invalid condition.');
  }
  if (typeof given !== 'object' || given === null) throw errors.invalidPolicyDocument('Invalid Policy: Invalid condition.');
  return Object.entries(given).map(([field, value]): Condition => ({ kind: 'eq', field: field.toLowerCase(), value: String(value), text: `"eq", "$${field}", "${String(value)}"` }));
}

function parse(text: string): PolicyDocument {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(text, 'base64').toString('utf8'));
    if (typeof parsed === 'object' && parsed !== null) return parsed;
  } catch {
    // Falls through to the refusal.
  }
  throw errors.invalidPolicyDocument('Invalid Policy: Invalid JSON.');
}
