// The models that drive the wire: one compact JSON per service (written by tools/models.mjs), turned into linked shapes on first use.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { assert } from '../base/errors.ts';
import { packageRoot } from '../base/packageRoot.ts';
import type { ProtocolName } from './types.ts';

export type ScalarType =
  | 'string'
  | 'blob'
  | 'boolean'
  | 'byte'
  | 'short'
  | 'integer'
  | 'long'
  | 'float'
  | 'double'
  | 'timestamp'
  | 'document'
  | 'character';

export type TimestampFormat = 'epoch' | 'iso' | 'http';

export type MemberLocation = 'label' | 'header' | 'prefixHeaders' | 'query' | 'queryMap' | 'status' | 'payload';

interface Constraints {
  /** Least length (strings, lists, maps, blobs) or least value (numbers). */
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly pattern: string | undefined;
  readonly sensitive: boolean;
}

export interface ScalarShape extends Constraints {
  readonly kind: 'scalar';
  readonly name: string;
  readonly type: ScalarType;
  readonly values: readonly string[] | undefined;
  readonly timestampFormat: TimestampFormat | undefined;
  /** Content type of a payload of this shape. */
  readonly mediaType: string | undefined;
}

export interface ListShape extends Constraints {
  readonly kind: 'list';
  readonly name: string;
  readonly member: Member;
  readonly flattened: boolean;
  readonly uniqueItems: boolean;
  readonly sparse: boolean;
}

export interface MapShape extends Constraints {
  readonly kind: 'map';
  readonly name: string;
  readonly key: Member;
  readonly value: Member;
  readonly flattened: boolean;
  readonly sparse: boolean;
}

export interface StructureShape {
  readonly kind: 'structure';
  readonly name: string;
  readonly members: readonly Member[];
  readonly union: boolean;
  readonly eventStream: boolean;
  readonly error: ErrorFacts | undefined;
  readonly xmlName: string | undefined;
  readonly xmlNamespace: string | undefined;
  readonly xmlPrefix: string | undefined;
  readonly sensitive: boolean;
}

export type Shape = ScalarShape | ListShape | MapShape | StructureShape;

export interface ErrorFacts {
  readonly status: number;
  /** The code of the query protocols, where it is not the shape's name (`NoSuchEntity` for `NoSuchEntityException`). */
  readonly queryCode: string | undefined;
  /** The status of the query protocols, where it differs. */
  readonly queryStatus: number | undefined;
  readonly fault: 'client' | 'server';
}

export interface Member {
  readonly name: string;
  readonly target: Shape;
  readonly required: boolean;
  readonly location: MemberLocation | undefined;
  /** Header, header prefix, label or query parameter. */
  readonly httpName: string;
  readonly jsonName: string;
  readonly xmlName: string;
  /** True when the model names the XML element, so that `member`, `key` and `value` are not this protocol's defaults. */
  readonly xmlNamed: boolean;
  readonly ec2Name: string | undefined;
  readonly flattened: boolean;
  readonly xmlAttribute: boolean;
  readonly xmlNamespace: string | undefined;
  readonly xmlPrefix: string | undefined;
  readonly timestampFormat: TimestampFormat | undefined;
  readonly idempotencyToken: boolean;
  readonly streaming: boolean;
  readonly eventPayload: boolean;
  readonly eventHeader: boolean;
  readonly hostLabel: boolean;
  /** Header strings with a media type travel in base64. */
  readonly base64Header: boolean;
  readonly sensitive: boolean;
  /** Constraints on the member itself, over those of its target. */
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly pattern: string | undefined;
}

export interface OperationModel {
  readonly name: string;
  readonly service: ServiceModel;
  readonly method: string;
  /** The URI pattern of the REST protocols, with its literal query (`/{Bucket}?acl`). */
  readonly uri: string;
  readonly status: number;
  readonly hostPrefix: string | undefined;
  /** False for operations that are served unsigned (Cognito's InitiateAuth, AssumeRoleWithWebIdentity). */
  readonly signed: boolean;
  readonly input: StructureShape | undefined;
  readonly output: StructureShape | undefined;
  readonly errors: readonly StructureShape[];
  readonly resultWrapper: string;
  readonly inputRoot: string | undefined;
  readonly inputNamespace: string | undefined;
  readonly outputRoot: string | undefined;
  /** S3's GetBucketLocation answers without a wrapping element. */
  readonly unwrappedOutput: boolean;
}

export interface ServiceModel {
  readonly id: string;
  readonly sdkId: string;
  readonly fullName: string;
  readonly version: string;
  readonly protocols: readonly ProtocolName[];
  readonly signingNames: readonly string[];
  readonly endpointPrefix: string;
  readonly targetPrefix: string | undefined;
  readonly xmlNamespace: string | undefined;
  /** What precedes `#` in `__type` of this service's own errors. */
  readonly errorNamespace: string | undefined;
  readonly queryCompatible: boolean;
  readonly noErrorWrapping: boolean;
  readonly operationNames: readonly string[];
  readonly routes: readonly RouteFacts[];
  findOperation(name: string): OperationModel | undefined;
  findShape(name: string): Shape | undefined;
  /** An error shape by its own name or by its code in the query protocols. */
  findError(code: string): StructureShape | undefined;
}

/** What the router needs of an operation, without linking any shape. */
export interface RouteFacts {
  readonly operation: string;
  readonly method: string;
  readonly uri: string;
  readonly requiredQuery: readonly string[];
  readonly requiredHeaders: readonly string[];
}

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

interface RawOperation {
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

const formatVersion = 1;

/** Reads `src/model/<id>.json`. Shapes are linked lazily, so loading costs one JSON parse. Keep the result: every call reads the file. */
export function loadModel(id: string): ServiceModel {
  return createModel(JSON.parse(readFileSync(join(packageRoot, 'src', 'model', `${id}.json`), 'utf8')) as RawModel);
}

/** Links a model that is already in memory. */
export function createModel(raw: RawModel): ServiceModel {
  assert(raw.format === formatVersion, 'the model file has another format; run `npm run models`', { id: raw.id, format: raw.format });
  const findShape = shapeLinker(raw);
  const operations = new Map<string, OperationModel>();
  const errors = new Map<string, string>();
  for (const [name, shape] of Object.entries(raw.shapes)) {
    if (!shape.err) continue;
    errors.set(name, name);
    if (shape.err.code !== undefined && !errors.has(shape.err.code)) errors.set(shape.err.code, name);
  }
  const service: ServiceModel = {
    id: raw.id,
    sdkId: raw.sdkId,
    fullName: raw.fullName ?? raw.sdkId,
    version: raw.version,
    protocols: raw.protocols,
    signingNames: raw.signingNames,
    endpointPrefix: raw.endpointPrefix,
    targetPrefix: raw.targetPrefix,
    xmlNamespace: raw.xmlNamespace,
    errorNamespace: raw.errorNamespace,
    queryCompatible: raw.queryCompatible ?? false,
    noErrorWrapping: raw.noErrorWrapping ?? false,
    operationNames: Object.keys(raw.operations),
    routes: Object.entries(raw.operations).map(([name, operation]) => routeFacts(name, operation, raw)),
    findShape,
    findOperation(name) {
      const known = operations.get(name);
      if (known) return known;
      const found = Object.hasOwn(raw.operations, name) ? raw.operations[name] : undefined;
      if (!found) return undefined;
      const linked = linkOperation(name, found, service);
      operations.set(name, linked);
      return linked;
    },
    findError(code) {
      const name = errors.get(code);
      const shape = name === undefined ? undefined : findShape(name);
      return shape?.kind === 'structure' ? shape : undefined;
    },
  };
  return service;
}

function routeFacts(name: string, operation: RawOperation, raw: RawModel): RouteFacts {
  const [method = 'POST', uri = '/'] = (operation.http ?? 'POST /').split(' ');
  const input = operation.in === undefined ? undefined : raw.shapes[operation.in];
  const bound = (location: MemberLocation): string[] =>
    (input?.r ?? []).flatMap((member) => {
      const reference = input?.m?.[member];
      return typeof reference === 'object' && reference.in === location ? [reference.n ?? member] : [];
    });
  return { operation: name, method, uri, requiredQuery: bound('query'), requiredHeaders: bound('header').map((header) => header.toLowerCase()) };
}

function linkOperation(name: string, raw: RawOperation, service: ServiceModel): OperationModel {
  const structure = (shapeName: string | undefined): StructureShape | undefined => {
    const shape = shapeName === undefined ? undefined : service.findShape(shapeName);
    return shape?.kind === 'structure' ? shape : undefined;
  };
  const [method = 'POST', uri = '/'] = (raw.http ?? 'POST /').split(' ');
  return {
    name,
    service,
    method,
    uri,
    status: raw.status ?? 200,
    hostPrefix: raw.host,
    signed: !raw.noAuth,
    input: structure(raw.in),
    output: structure(raw.out),
    errors: (raw.errors ?? []).map(structure).filter((shape) => shape !== undefined),
    resultWrapper: raw.wrapper ?? `${name}Result`,
    inputRoot: raw.inName,
    inputNamespace: raw.inNs,
    outputRoot: raw.outName,
    unwrappedOutput: raw.unwrapped ?? false,
  };
}

function shapeLinker(raw: RawModel): (name: string) => Shape | undefined {
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

/** The input member that takes the body as a stream, if the operation has one (S3 PutObject's Body). */
export function streamingMember(shape: StructureShape | undefined): Member | undefined {
  return shape?.members.find((member) => member.streaming);
}

// Stands in a list or map for the moment between its registration and the linking of its members.
const pendingMember: Member = {
  name: '', target: scalar('', 'string', {}), required: false, location: undefined, httpName: '', jsonName: '', xmlName: '', xmlNamed: false, ec2Name: undefined,
  flattened: false, xmlAttribute: false, xmlNamespace: undefined, xmlPrefix: undefined, timestampFormat: undefined, idempotencyToken: false, streaming: false,
  eventPayload: false, eventHeader: false, hostLabel: false, base64Header: false, sensitive: false, min: undefined, max: undefined, pattern: undefined,
};
