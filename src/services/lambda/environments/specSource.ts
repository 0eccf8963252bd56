// What a process of one execution environment is started from: code, layers, variables and credentials, kept for the next process of it.
import type { Clock } from '../../../base/clock.ts';
import { hexId, uuid } from '../../../base/ids.ts';
import type { Random } from '../../../base/random.ts';
import type { FunctionGate } from '../../../ports/functionGate.ts';
import type { RoleDirectory } from '../../../ports/identity.ts';
import type { EnvironmentSpec } from '../../../sandbox/types.ts';
import { runtimeKindOf } from '../domain/runtimes.ts';
import { errors } from '../errors.ts';
import { credentialMarginMs, credentialSeconds } from '../limits.ts';
import type { LayerFolders } from '../layers/layerFolders.ts';
import type { PackageHold, PackageStore } from '../packages/packageStore.ts';
import type { VariableVault } from '../variableVault.ts';
import type { Deployment, InitializationType } from './deployment.ts';
import { environmentVariables } from './variables.ts';

export interface SpecDeps {
  readonly roles: RoleDirectory;
  readonly packages: PackageStore;
  readonly layers: LayerFolders;
  readonly variables: VariableVault;
  readonly wall: Clock;
  readonly random: Random;
  readonly functionGate?: FunctionGate;
}

export interface SpecSource {
  /** `credentialMs` says how long its credentials are told to last, where that is less than they do. */
  make(initTimeoutMs: number, credentialMs?: number): Promise<EnvironmentSpec>;
  /** Infinite while there are none. */
  credentialsEndMs(): number;
  release(): void;
}

export interface SpecOptions extends Pick<EnvironmentSpec, 'onOutput' | 'onExtension'> {
  readonly logStreamName: string;
  readonly initializationType: InitializationType;
}

/** They end by wall time: moving product time replaces no environment on their account. */
interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiresAtMs: number;
}

export function createSpecSource(deps: SpecDeps, deployment: Deployment, options: SpecOptions): SpecSource {
  const { row, place } = deployment;
  const { logStreamName, initializationType } = options;
  let hold: PackageHold | undefined;
  let layersHold: PackageHold | undefined;
  let credentials: Credentials | undefined;

  /** Everything that a process is started from. */
  async function make(initTimeoutMs: number, credentialMs?: number): Promise<EnvironmentSpec> {
    hold ??= await deps.packages.open(row.code);
    layersHold ??= await deps.layers.open((row.layers ?? []).flatMap(({ code }) => (code === undefined ? [] : [code])));
    credentials = await freshCredentials();
    const own = await deps.variables.open(deployment);
    const runtime = runtimeKindOf(row.runtime);
    if (runtime === undefined) throw errors.invalidRuntime(`The runtime ${row.runtime} does not run here.`);
    return {
      environmentId: uuid(deps.random),
      runtime,
      handler: row.handler,
      codeFolder: hold.folder,
      ...(layersHold === undefined ? {} : { layersFolder: layersHold.folder }),
      variables: environmentVariables({ deployment, own, logStreamName, credentials, initializationType }),
      ...(initializationType === 'snap-start' ? { credentials: { ...credentials, expiresAtMs: credentialMs === undefined ? credentials.expiresAtMs : deps.wall.now() + credentialMs, token: hexId(deps.random, 32) } } : {}),
      memoryMegabytes: row.memoryMegabytes,
      ephemeralStorageMegabytes: row.ephemeralMegabytes,
      initTimeoutMs,
      ...(deps.functionGate ? { endpoint: { port: deps.functionGate.port(), onConnection: deps.functionGate.admit({ ...credentials, region: place.region }) } } : {}),
      onOutput: options.onOutput,
      ...(options.onExtension === undefined ? {} : { onExtension: options.onExtension }),
      facts: { functionName: deployment.name, functionVersion: row.version, handler: row.handler, accountId: place.account },
      jsonRecords: row.logging !== undefined,
    };
  }

  async function freshCredentials(): Promise<Credentials> {
    if (credentials !== undefined && credentials.expiresAtMs - deps.wall.now() > row.timeoutSeconds * 1_000 + credentialMarginMs) return credentials;
    return deps.roles.issueSession({ roleArn: row.roleArn, sessionName: deployment.name, durationSeconds: credentialSeconds, account: place.account });
  }

  return {
    make,
    credentialsEndMs: () => credentials?.expiresAtMs ?? Number.POSITIVE_INFINITY,
    release() {
      hold?.release();
      layersHold?.release();
      hold = layersHold = undefined;
    },
  };
}
