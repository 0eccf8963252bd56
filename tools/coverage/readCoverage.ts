import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** How far one API operation has come. `tested` means: its behaviour, through an unmodified client, over HTTP. */
export type Level = 'absent' | 'refused' | 'answers' | 'tested';

export interface ServiceCoverage {
  readonly id: string;
  readonly fullName: string;
  readonly operations: readonly { readonly name: string; readonly level: Level }[];
}

const evidenceFolders = ['test/conformance', 'test/journeys', 'test/tools'];

interface Model {
  readonly id: string;
  readonly sdkId: string;
  readonly fullName: string;
  readonly operations: Readonly<Record<string, unknown>>;
}

/** Compares the official models, the operations that the services register, and the tests that call them. */
export async function readCoverage(root: string): Promise<ServiceCoverage[]> {
  const evidence = readEvidence(root);
  const models = readdirSync(join(root, 'src/model')).filter((name) => name.endsWith('.json')).map((name) => readModel(root, name));
  const services = models.map(async (model) => {
    const registered = await registeredOperations(root, model.id);
    const called = evidence(model);
    const operations = Object.keys(model.operations)
      .sort()
      .map((name) => ({ name, level: registered.get(name) === undefined ? 'absent' : registered.get(name) === 'refused' ? 'refused' : called.has(name) ? 'tested' : 'answers' }) as const);
    return { id: model.id, fullName: model.fullName, operations };
  });
  return (await Promise.all(services)).sort((a, b) => (a.id < b.id ? -1 : 1));
}

function readModel(root: string, name: string): Model {
  return JSON.parse(readFileSync(join(root, 'src/model', name), 'utf8')) as Model;
}

interface ServiceModule {
  readonly bind?: (deps: unknown) => { readonly id: string; readonly operationNames: readonly string[]; readonly refusedNames: readonly string[] };
}

// A manifest only lists its operations when it is bound; it calls none of them.
async function registeredOperations(root: string, id: string): Promise<Map<string, 'answers' | 'refused'>> {
  const names = new Map<string, 'answers' | 'refused'>();
  for (const folder of readdirSync(join(root, 'src/services'))) {
    const manifest = join(root, 'dist/src/services', folder, 'service.js');
    if (!existsSync(join(root, 'src/services', folder, 'service.ts')) || !existsSync(manifest)) continue;
    const exported = Object.values((await import(manifest)) as Record<string, ServiceModule | undefined>);
    for (const definition of exported) {
      const service = definition?.bind?.({});
      if (service?.id === id) for (const name of service.operationNames) names.set(name, service.refusedNames.includes(name) ? 'refused' : 'answers');
    }
  }
  return names;
}

/** Answers, per service, the operations that tests call through the AWS SDK for JavaScript or the AWS CLI. */
function readEvidence(root: string): (model: Model) => Set<string> {
  const files = evidenceFolders
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(root, folder, name)))
    .filter((path) => path.endsWith('.ts'));
  const texts = files.map((path) => readFileSync(path, 'utf8'));
  return (model) => new Set(texts.flatMap((text) => findCalls(text, model)));
}

/** The operations of one service that a test file calls. */
export function findCalls(text: string, model: Pick<Model, 'id' | 'sdkId' | 'operations'>): string[] {
  const clientPackage = `@aws-sdk/client-${model.sdkId.toLowerCase().replaceAll(' ', '-')}`;
  const bySdk = [...text.matchAll(/import\s*\{([^}]*)\}\s*from\s*'([^']+)'/g)]
    .filter(([, , from]) => from === clientPackage)
    .flatMap(([, names = '']) => [...names.matchAll(/\b(\w+)Command\b/g)].map((match) => match[1] ?? ''))
    .filter((name) => text.includes(`new ${name}Command(`));
  // `import * as Kms`, where a file uses most of a client.
  const byNamespace = [...text.matchAll(/import\s*\*\s*as\s+(\w+)\s+from\s*'([^']+)'/g)]
    .filter(([, , from]) => from === clientPackage)
    .flatMap(([, namespace = '']) => [...text.matchAll(new RegExp(`\\bnew ${namespace}\\.(\\w+)Command\\(`, 'g'))].map((match) => match[1] ?? ''));
  // One search for whatever follows the service's name: one for each of 6,000 operations took ten seconds.
  const commands = new Set([...text.matchAll(new RegExp(`\\b${escape(model.id)}(?=(?:['"]\\s*,\\s*['"]| )([\\w-]+))`, 'g'))].map(([, command]) => command));
  const byCli = commands.size === 0 ? [] : Object.keys(model.operations).filter((name) => commands.has(kebab(name)));
  return [...bySdk, ...byNamespace, ...byCli];
}

function escape(text: string): string {
  return text.replaceAll('.', '\\.');
}

// As the AWS CLI names commands: `CreateOpenIDConnectProvider` becomes `create-open-id-connect-provider`.
function kebab(name: string): string {
  return name
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, '$1-$2')
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase();
}
