// The official protocol test cases, read from the published artifact (kept in .cache/ after the first run).

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageRoot } from '../../src/base/packageRoot.ts';
import { createModel } from '../../src/wire/model.ts';
import type { RawModel } from '../../src/wire/linkShapes.ts';
import type { ServiceModel } from '../../src/wire/model.ts';
import type { ProtocolName } from '../../src/wire/types.ts';
import { parseSmithy } from './smithyIdl.ts';
import type { Ast, AstShape, Node } from './smithyIdl.ts';

export interface RequestCase {
  readonly id: string;
  readonly protocol: string;
  readonly method: string;
  readonly uri: string;
  readonly queryParams?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly params?: Readonly<Record<string, Node>>;
  readonly host?: string;
  readonly resolvedHost?: string;
  readonly appliesTo?: string;
}

export interface ResponseCase {
  readonly id: string;
  readonly protocol: string;
  readonly code: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly forbidHeaders?: readonly string[];
  readonly requireHeaders?: readonly string[];
  readonly body?: string;
  readonly bodyMediaType?: string;
  readonly params?: Readonly<Record<string, Node>>;
  readonly appliesTo?: string;
}

export interface MalformedCase {
  readonly id: string;
  readonly protocol: string;
  readonly request: Omit<RequestCase, 'id' | 'protocol' | 'params'>;
  readonly response: { readonly code: number; readonly headers?: Readonly<Record<string, string>> };
  readonly testParameters?: Readonly<Record<string, readonly string[]>>;
}

export interface OperationCases {
  readonly operation: string;
  readonly requests: readonly RequestCase[];
  readonly responses: readonly ResponseCase[];
  readonly malformed: readonly MalformedCase[];
  readonly errors: readonly { readonly shape: string; readonly responses: readonly ResponseCase[] }[];
}

export interface ServiceCases {
  readonly service: ServiceModel;
  readonly protocol: ProtocolName;
  readonly operations: readonly OperationCases[];
}

interface Tools {
  mavenFiles(root: string, coordinates: string, wanted: (name: string) => boolean): Record<string, string>;
}

interface Compactor {
  compactSmithy(ast: Ast, options: { id: string; source: string; serviceId: string }): RawModel;
}

const artifacts = ['software.amazon.smithy:smithy-aws-protocol-tests:1.74.1', 'software.amazon.smithy:smithy-protocol-tests:1.54.0'];

/** Every service of the published tests with its cases, or the reason why they cannot be had. */
export async function loadProtocolCases(): Promise<{ services: readonly ServiceCases[] } | { unavailable: string }> {
  const tool = async (path: string): Promise<unknown> => import(pathToFileURL(join(packageRoot, 'tools', 'models', path)).href);
  const { mavenFiles } = (await tool('download.mjs')) as Tools;
  const { compactSmithy } = (await tool('smithy.mjs')) as Compactor;
  let texts: string[];
  try {
    texts = artifacts.flatMap((artifact) => Object.values(mavenFiles(packageRoot, artifact, (name) => name.endsWith('.smithy'))));
  } catch (error) {
    return { unavailable: error instanceof Error ? error.message : String(error) };
  }
  const ast = parseSmithy(texts);
  const services = Object.entries(ast.shapes).filter(([, shape]) => shape.type === 'service');
  return {
    services: services.flatMap(([serviceId, shape]) => {
      const raw = compactSmithy(ast, { id: serviceId, source: 'protocol tests', serviceId });
      // Services of these protocols qualify their error types, as DynamoDB does.
      const service = createModel(raw.protocols.some((name) => name === 'awsJson1_0' || name === 'rpcv2Cbor') ? { ...raw, errorNamespace: serviceId.split('#')[0] ?? '' } : raw);
      const operations = operationsOf(ast, shape).map((id) => casesOf(ast, id));
      return service.protocols.map((protocol) => ({ service, protocol, operations }));
    }),
  };
}

type References = readonly { readonly target: string }[];

function operationsOf(ast: Ast, shape: AstShape): string[] {
  const own = ((shape['operations'] as References | undefined) ?? []).map((operation) => operation.target);
  const below = ((shape['resources'] as References | undefined) ?? []).flatMap((resource) => {
    const found = ast.shapes[resource.target];
    if (!found) return [];
    const lifecycle = ['create', 'put', 'read', 'update', 'delete', 'list'].flatMap((name) => (found[name] as { target: string } | undefined)?.target ?? []);
    return [...lifecycle, ...operationsOf(ast, found)];
  });
  return [...own, ...below];
}

function casesOf(ast: Ast, id: string): OperationCases {
  const operation = ast.shapes[id];
  const traits = operation?.traits ?? {};
  const errors = ((operation?.['errors'] as References | undefined) ?? []).map((error) => ({
    shape: error.target.split('#')[1] ?? error.target,
    responses: (ast.shapes[error.target]?.traits['smithy.test#httpResponseTests'] ?? []) as unknown as ResponseCase[],
  }));
  return {
    operation: id.split('#')[1] ?? id,
    requests: (traits['smithy.test#httpRequestTests'] ?? []) as unknown as RequestCase[],
    responses: (traits['smithy.test#httpResponseTests'] ?? []) as unknown as ResponseCase[],
    malformed: (traits['smithy.test#httpMalformedRequestTests'] ?? []) as unknown as MalformedCase[],
    errors,
  };
}
