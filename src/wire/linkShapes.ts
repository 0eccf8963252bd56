// The compact form of a model, as tools/models.mjs writes it, and how its shapes become the linked ones of model.ts.

import { assert } from '../base/errors.ts';
import type { ListShape, MapShape, Member, MemberLocation, ScalarShape, ScalarType, Shape, StructureShape, TimestampFormat } from './model.ts';
import type { ProtocolName } from './types.ts';

type RawReference = string | ({ readonly s: string } & RawMember);

interface RawMember {
  readonly in?: MemberLocation;
  readonly n?: string;
  readonly x?: string;
  readonly q?: string;
  readonly flat?: boolean;
  readonly attr?: boolean;
  readonly ns?: string;
  readonly prefix?: string;
  readonly ts?: TimestampFormat;
  readonly idem?: boolean;
  readonly streaming?: boolean;
  readonly eventPayload?: boolean;
  readonly eventHeader?: boolean;
  readonly hostLabel?: boolean;
  readonly media?: boolean;
  readonly secret?: boolean;
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
}

interface RawShape {
  readonly t: string;
  readonly m?: Readonly<Record<string, RawReference>>;
  readonly r?: readonly string[];
  readonly of?: RawReference;
  readonly key?: RawReference;
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  readonly enum?: readonly string[];
  readonly secret?: boolean;
  readonly unique?: boolean;
  readonly sparse?: boolean;
  readonly flat?: boolean;
  readonly ts?: TimestampFormat;
  readonly doc?: boolean;
  readonly union?: boolean;
  readonly stream?: boolean;
  readonly err?: { readonly status?: number; readonly queryStatus?: number; readonly code?: string; readonly fault?: boolean };
  readonly x?: string;
  readonly ns?: string;
  readonly prefix?: string;
  readonly mediaType?: string;
}

export interface RawOperation {
  readonly http?: string;
  readonly status?: number;
  readonly in?: string;
  readonly out?: string;
  readonly errors?: readonly string[];
  readonly host?: string;
  readonly wrapper?: string;
  readonly inName?: string;
  readonly inNs?: string;
  readonly outName?: string;
  readonly noAuth?: boolean;
  readonly unwrapped?: boolean;
}

/** The compact form, as `src/model/<id>.json` holds it. */
export interface RawModel {
  readonly format: number;
  readonly id: string;
  readonly sdkId: string;
  readonly fullName?: string;
  readonly version: string;
  readonly protocols: readonly ProtocolName[];
  readonly signingNames: readonly string[];
  readonly endpointPrefix: string;
  readonly targetPrefix?: string;
  readonly xmlNamespace?: string;
  readonly errorNamespace?: string;
  readonly queryCompatible?: boolean;
  readonly noErrorWrapping?: boolean;
  readonly operations: Readonly<Record<string, RawOperation>>;
  readonly shapes: Readonly<Record<string, RawShape>>;
}

/** Finds shapes by name, each linked to its members on first use. */
export function shapeLinker(raw: RawModel): (name: string) => Shape | undefined {
  const linked = new Map<string, Shape>();

  function requireShape(name: string): Shape {
    const shape = findShape(name);
    assert(shape, 'a model refers to a shape that it does not hold', { service: raw.id, shape: name });
    return shape;
  }

  function linkMember(name: string, reference: RawReference, required: boolean): Member {
    const facts: RawMember = typeof reference === 'string' ? {} : reference;
    const target = requireShape(typeof reference === 'string' ? reference : reference.s);
    return {
      name,
      target,
      required,
      location: facts.in,
      httpName: facts.n ?? name,
      jsonName: facts.in === undefined ? (facts.n ?? name) : name,
      xmlName: facts.x ?? name,
      xmlNamed: facts.x !== undefined,
      ec2Name: facts.q,
      flattened: facts.flat ?? ((target.kind === 'list' || target.kind === 'map') && target.flattened),
      xmlAttribute: facts.attr ?? false,
      xmlNamespace: facts.ns,
      xmlPrefix: facts.prefix,
      timestampFormat: facts.ts ?? (target.kind === 'scalar' ? target.timestampFormat : undefined),
      idempotencyToken: facts.idem ?? false,
      streaming: facts.streaming ?? false,
      eventPayload: facts.eventPayload ?? false,
      eventHeader: facts.eventHeader ?? false,
      hostLabel: facts.hostLabel ?? false,
      base64Header: facts.media ?? false,
      sensitive: facts.secret ?? target.sensitive,
      min: facts.min,
      max: facts.max,
      pattern: facts.pattern,
    };
  }

  function findShape(name: string): Shape | undefined {
    const known = linked.get(name);
    if (known) return known;
    if (name.startsWith('$')) return keep(scalar(name.slice(1), name.slice(1), {}));
    const found = Object.hasOwn(raw.shapes, name) ? raw.shapes[name] : undefined;
    return found === undefined ? undefined : link(name, found);
  }

  function keep<S extends Shape>(shape: S, name = shape.name): S {
    linked.set(name, shape);
    return shape;
  }

  // A shape is registered before its members are linked: models are recursive.
  function link(name: string, found: RawShape): Shape {
    if (found.t === 'structure') {
      const members: Member[] = [];
      const shape = keep(structureShape(name, found, members));
      const required = new Set(found.r);
      for (const [key, reference] of Object.entries(found.m ?? {})) members.push(linkMember(key, reference, required.has(key)));
      return shape;
    }
    const bounds = { min: found.min, max: found.max, pattern: found.pattern, sensitive: found.secret ?? false };
    if (found.t === 'list') {
      const shape: { -readonly [K in keyof ListShape]: ListShape[K] } = {
        kind: 'list', name, ...bounds, member: pendingMember, flattened: found.flat ?? false, uniqueItems: found.unique ?? false, sparse: found.sparse ?? false,
      };
      keep(shape);
      shape.member = linkMember('member', found.of ?? '$string', false);
      return shape;
    }
    if (found.t === 'map') {
      const shape: { -readonly [K in keyof MapShape]: MapShape[K] } = {
        kind: 'map', name, ...bounds, key: pendingMember, value: pendingMember, flattened: found.flat ?? false, sparse: found.sparse ?? false,
      };
      keep(shape);
      shape.key = linkMember('key', found.key ?? '$string', false);
      shape.value = linkMember('value', found.of ?? '$string', false);
      return shape;
    }
    return keep(scalar(name, found.t, found));
  }

  return findShape;
}

function structureShape(name: string, raw: RawShape, members: readonly Member[]): StructureShape {
  const fault = raw.err?.fault ? 'server' : 'client';
  return {
    kind: 'structure',
    name,
    members,
    union: raw.union ?? false,
    eventStream: raw.stream ?? false,
    error: raw.err && { status: raw.err.status ?? (fault === 'server' ? 500 : 400), queryCode: raw.err.code, queryStatus: raw.err.queryStatus, fault },
    xmlName: raw.x,
    xmlNamespace: raw.ns,
    xmlPrefix: raw.prefix,
    sensitive: raw.secret ?? false,
  };
}

function scalar(name: string, type: string, raw: Partial<RawShape>): ScalarShape {
  return {
    kind: 'scalar',
    name,
    type: type as ScalarType,
    values: raw.enum,
    min: raw.min,
    max: raw.max,
    pattern: raw.pattern,
    sensitive: raw.secret ?? false,
    timestampFormat: raw.ts,
    mediaType: raw.mediaType,
  };
}

// Stands in a list or map for the moment between its registration and the linking of its members.
const pendingMember: Member = {
  name: '', target: scalar('', 'string', {}), required: false, location: undefined, httpName: '', jsonName: '', xmlName: '', xmlNamed: false, ec2Name: undefined,
  flattened: false, xmlAttribute: false, xmlNamespace: undefined, xmlPrefix: undefined, timestampFormat: undefined, idempotencyToken: false, streaming: false,
  eventPayload: false, eventHeader: false, hostLabel: false, base64Header: false, sensitive: false, min: undefined, max: undefined, pattern: undefined,
};
