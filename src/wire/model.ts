// The models that drive the wire: one compact JSON per service (written by tools/models.mjs), turned into linked shapes on first use.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { assert } from '../base/errors.ts';
import { packageRoot } from '../base/packageRoot.ts';
import { shapeLinker } from './linkShapes.ts';
import type { RawModel, RawOperation } from './linkShapes.ts';
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
  /** False when a path cannot be this service's, told without reading its whole model. */
  mayServe(path: string): boolean;
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

const formatVersion = 1;

/** The part of a model that tells which requests are for it; `src/model/index/heads.json` holds those of all services. */
export type ModelHead = Omit<RawModel, 'operations' | 'shapes'> & {
  /** First segments of the paths of a REST service; `*` stands for any. */
  readonly roots?: readonly string[];
};

/** Every model there is. Only heads are read: a model is parsed when its first request comes, and most services never get one. */
export function loadAllModels(): readonly ServiceModel[] {
  const { services } = JSON.parse(readFileSync(join(packageRoot, 'src', 'model', 'index', 'heads.json'), 'utf8')) as { readonly services: readonly ModelHead[] };
  return services.map((head) => createLazyModel(head, () => readModel(head.id)));
}

/** Reads `src/model/<id>.json`. Shapes are linked lazily, so loading costs one JSON parse. Keep the result: every call reads the file. */
export function loadModel(id: string): ServiceModel {
  return createModel(readModel(id));
}

/** Links a model that is already in memory. */
export function createModel(raw: RawModel): ServiceModel {
  return createLazyModel(raw, () => raw);
}

function readModel(id: string): RawModel {
  return JSON.parse(readFileSync(join(packageRoot, 'src', 'model', `${id}.json`), 'utf8')) as RawModel;
}

function createLazyModel(head: ModelHead, read: () => RawModel): ServiceModel {
  assert(head.format === formatVersion, 'the model file has another format; run `npm run models`', { id: head.id, format: head.format });
  let parts: ModelParts | undefined;
  const loaded = (): ModelParts => (parts ??= linkModel(read(), service));
  const service: ServiceModel = {
    id: head.id,
    sdkId: head.sdkId,
    fullName: head.fullName ?? head.sdkId,
    version: head.version,
    protocols: head.protocols,
    signingNames: head.signingNames,
    endpointPrefix: head.endpointPrefix,
    targetPrefix: head.targetPrefix,
    xmlNamespace: head.xmlNamespace,
    errorNamespace: head.errorNamespace,
    queryCompatible: head.queryCompatible ?? false,
    noErrorWrapping: head.noErrorWrapping ?? false,
    mayServe: (path) => !head.roots || head.roots.includes('*') || head.roots.includes(path.split('/', 2)[1] ?? ''),
    get operationNames() {
      return loaded().operationNames;
    },
    get routes() {
      return loaded().routes;
    },
    findShape: (name) => loaded().findShape(name),
    findOperation: (name) => loaded().findOperation(name),
    findError: (code) => loaded().findError(code),
  };
  return service;
}

type ModelParts = Pick<ServiceModel, 'operationNames' | 'routes' | 'findShape' | 'findOperation' | 'findError'>;

function linkModel(raw: RawModel, service: ServiceModel): ModelParts {
  assert(raw.format === formatVersion, 'the model file has another format; run `npm run models`', { id: raw.id, format: raw.format });
  const findShape = shapeLinker(raw);
  const operations = new Map<string, OperationModel>();
  const errors = new Map<string, string>();
  for (const [name, shape] of Object.entries(raw.shapes)) {
    if (!shape.err) continue;
    errors.set(name, name);
    if (shape.err.code !== undefined && !errors.has(shape.err.code)) errors.set(shape.err.code, name);
  }
  return {
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

/** The input member that takes the body as a stream, if the operation has one (S3 PutObject's Body). */
export function streamingMember(shape: StructureShape | undefined): Member | undefined {
  return shape?.members.find((member) => member.streaming);
}
