import type { Member, Shape, StructureShape } from '../wire/model.ts';

// What CloudTrail writes in the place of what it must not keep.
const hidden = 'HIDDEN_DUE_TO_SECURITY_REASONS';
const depthMax = 8;
const itemsMax = 50;
const charsMax = 2_048;

// Secrets that the models do not all call sensitive: whoever reads a trail must not be able to act with it.
const secretNames = /^(secretAccessKey|sessionToken|.*password|secretString|secretBinary|plaintext|privateKey(plaintext)?|base32StringSeed|QRCodePNG|serviceCredentialSecret|(id|access|refresh|webIdentity|tradeIn)?token(code)?|SAMLAssertion|authenticationCode\d)$/i;

/** An input or output as an audit trail may keep it: without what is secret, without bodies, and bounded. */
export function auditedInput(shape: StructureShape | undefined, input: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return shape === undefined ? {} : (auditedStructure(shape, input, 0) as Readonly<Record<string, unknown>>);
}

function auditedStructure({ members }: StructureShape, value: object, depth: number): object {
  const kept: [string, unknown][] = [];
  for (const member of members) {
    const found = (value as Readonly<Record<string, unknown>>)[member.name];
    if (found === undefined || found === null || member.streaming) continue;
    kept.push([member.name, secretNames.test(member.name) ? hidden : audited(member, found, depth)]);
  }
  return Object.fromEntries(kept.filter(([, content]) => content !== undefined));
}

function audited({ target, sensitive }: Pick<Member, 'target' | 'sensitive'>, value: unknown, depth: number): unknown {
  if (sensitive || target.sensitive) return hidden;
  if (depth >= depthMax || value === null) return undefined;
  return auditedValue(target, value, depth + 1);
}

function auditedValue(shape: Shape, value: unknown, depth: number): unknown {
  switch (shape.kind) {
    case 'structure':
      return typeof value === 'object' && value !== null ? auditedStructure(shape, value, depth) : undefined;
    case 'list':
      return Array.isArray(value) ? value.slice(0, itemsMax).map((item) => audited(shape.member, item, depth)) : undefined;
    case 'map':
      return typeof value === 'object' && value !== null
        ? Object.fromEntries(Object.entries(value).slice(0, itemsMax).map(([key, item]) => [key, audited(shape.value, item, depth)]))
        : undefined;
    default:
      if (value instanceof Uint8Array) return undefined;
      return typeof value === 'string' && value.length > charsMax ? `${value.slice(0, charsMax)}…` : value;
  }
}
