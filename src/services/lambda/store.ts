// Keys: functions [name] | versions [name, number] | aliases [name, alias] | policies [name, qualifier or ''] | events [envelope] |
// provisioned [account, region, name, qualifier] below no account | usage ['all'] per account and region | packageUsers [sha256, account, region, name, version].
import type { BlobId } from '../../blob/blobId.ts';
import type { ReadTransaction, Transaction } from '../../kv/store.ts';
import type { JsonLogging } from './domain/logging.ts';
import type { LayerUse } from './layers/layerUse.ts';
import type { Deployment } from './environments/deployment.ts';
import { rangeLimitMax } from '../../kv/limits.ts';
import { defineTable } from '../../kv/table.ts';
import type { Scope } from '../../kv/table.ts';

// Every invocation reads these three; the rows of the functions that are busy are decoded once.
const remember = 256;
const functions = defineTable<FunctionRow>('lambda', 'functions', { remember });
const versions = defineTable<VersionRow>('lambda', 'versions', { remember });
const aliases = defineTable<AliasRow>('lambda', 'aliases');
const policies = defineTable<PolicyRow>('lambda', 'policies');
const events = defineTable<EventRow>('lambda', 'events');
const usage = defineTable<UsageRow>('lambda', 'usage', { remember });
const packageUsers = defineTable<PackageUserRow>('lambda', 'packageUsers');

// Packages are shared by all functions with the same content, whatever their account.
const everywhere: Scope = { account: '', region: '' };

export const latest = '$LATEST';

/** Code and configuration of one version; $LATEST has the same form as a published one. */
export interface VersionRow {
  readonly version: string;
  readonly description: string;
  readonly runtime: string;
  readonly handler: string;
  readonly roleArn: string;
  /** The role existed when the function was given it; absent in rows of earlier versions. */
  readonly hadRole?: boolean;
  readonly timeoutSeconds: number;
  readonly memoryMegabytes: number;
  readonly ephemeralMegabytes: number;
  readonly architecture: 'x86_64' | 'arm64';
  readonly logGroupName: string;
  /** Absent when the function logs text. */
  readonly logging?: JsonLogging;
  /** Absent when the function never had an `Environment`; see domain/seal.ts. */
  readonly sealedVariables?: Uint8Array;
  /** It records traces of its own; absent where it only passes on what its callers decided. */
  readonly tracing?: 'Active';
  /** Where asynchronous events go that it has failed on. */
  readonly deadLetterArn?: string;
  /** The KMS key that the user gave for them; absent when the server's own key seals them. */
  readonly kmsKeyArn?: string;
  /** With a KMS key: what seals them, encrypted by that key. */
  readonly sealedDataKey?: Uint8Array;
  /** With a KMS key: tells whether two versions have the same variables without that key. */
  readonly variablesDigest?: string;
  /** Absent when the function has no SnapStart. */
  readonly snapStart?: SnapStartRow;
  readonly code: CodeReference;
  /** Its environments serve one tenant each. */
  readonly tenancy?: 'PER_TENANT';
  /** How new versions of its runtime come; absent where they come by themselves. */
  readonly runtimeUpdates?: { readonly on: 'FunctionUpdate' | 'Manual'; readonly arn?: string };
  /** It runs in durable executions. */
  readonly durable?: DurableSettings;
  /** In their order; absent when there are none. */
  readonly layers?: readonly LayerUse[];
  readonly modifiedAtMs: number;
  readonly revisionId: string;
  /** New with every change that running environments must not miss. */
  readonly deploymentId: string;
}

/** `wanted` on $LATEST; a published version is `pending` until its init has run, and `off` where what it left cannot be copied. */
export interface SnapStartRow {
  readonly state: 'wanted' | 'pending' | 'on' | 'off' | 'failed';
  readonly reason?: string;
  readonly reasonCode?: string;
}

export interface DurableSettings {
  readonly timeoutSeconds: number;
  readonly retentionDays: number;
}

export interface CodeReference {
  readonly blobId: BlobId;
  /** Of the zip archive, hexadecimal. */
  readonly sha256: string;
  readonly zippedBytes: number;
  /** Absent in rows of earlier versions. */
  readonly unzippedBytes?: number;
  /** Of the programs and libraries inside; empty for a package of scripts. */
  readonly nativeArchitectures: readonly string[];
  /** Python versions (`3.12`) that its extension modules were built for; absent in rows of earlier versions. */
  readonly nativePythons?: readonly string[];
  /** The newest Java (17) that a class outside of jars was compiled for; absent where there are none. */
  readonly javaRelease?: number;
}

export interface FunctionRow {
  readonly name: string;
  readonly createdAtMs: number;
  readonly latest: VersionRow;
  /** Pairs, because users choose the names. */
  readonly tags: readonly (readonly [key: string, value: string])[];
  /** Number of the newest published version; numbers are never used again. */
  readonly publishedVersions: number;
  readonly reservedConcurrency?: number;
  /** Sum over its versions and aliases. */
  readonly provisionedConcurrency?: number;
  /** Which code it may be given. */
  readonly codeSigningConfigArn?: string;
  /** It may be part of a loop; absent where loops are stopped. */
  readonly allowsRecursion?: true;
}

export interface AliasRow {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  /** Versions that get part of the invocations, each with its part of 1. */
  readonly weights: readonly (readonly [version: string, weight: number])[];
  readonly revisionId: string;
}

export interface PolicyRow {
  /** JSON text, exactly as GetPolicy answers it. */
  readonly document: string;
}

/** What an asynchronous invocation knows besides its envelope in the outbox. */
export interface EventRow {
  /** The same for all attempts. */
  readonly requestId: string;
  readonly traceId: string;
  /** How often the function itself has failed on it. */
  readonly functionErrors: number;
  readonly tenantId?: string;
  /** Its last answer, unless that was too long to keep. */
  readonly lastFailure?: { readonly version: string; readonly payload: Uint8Array };
}

export interface UsageRow {
  readonly codeBytes: number;
  readonly functions: number;
  /** Sum over all functions of what they have reserved, or have provisioned without a reservation. */
  readonly reservedConcurrency: number;
}

interface PackageUserRow {
  /** Versions of one function share the archive that was uploaded once. */
  readonly blobId: BlobId;
}

export const findFunction = (tx: ReadTransaction, scope: Scope, name: string): Promise<FunctionRow | undefined> => functions.get(tx, scope, [name]);

export const setFunction = (tx: Transaction, scope: Scope, row: FunctionRow): void => functions.set(tx, scope, [row.name], row);

export const clearFunction = (tx: Transaction, scope: Scope, name: string): void => functions.clear(tx, scope, [name]);

/** A page of functions in the order of their names. */
export async function listFunctions(
  tx: ReadTransaction,
  scope: Scope,
  page: { readonly limit: number; readonly afterName?: string | undefined },
): Promise<FunctionRow[]> {
  const after = page.afterName === undefined ? {} : { after: [page.afterName] };
  return (await functions.list(tx, scope, [], { limit: page.limit, ...after })).map((item) => item.row);
}

export const findVersion = (tx: ReadTransaction, scope: Scope, name: string, number: number): Promise<VersionRow | undefined> =>
  versions.get(tx, scope, [name, number]);

export const setVersion = (tx: Transaction, scope: Scope, name: string, row: VersionRow): void =>
  versions.set(tx, scope, [name, Number(row.version)], row);

export const clearVersion = (tx: Transaction, scope: Scope, name: string, number: number): void => versions.clear(tx, scope, [name, number]);

/** A page of published versions, oldest first. */
export async function listVersions(
  tx: ReadTransaction,
  scope: Scope,
  name: string,
  page: { readonly limit: number; readonly afterNumber?: number | undefined },
): Promise<VersionRow[]> {
  const after = page.afterNumber === undefined ? {} : { after: [name, page.afterNumber] };
  return (await versions.list(tx, scope, [name], { limit: page.limit, ...after })).map((item) => item.row);
}

export const findAlias = (tx: ReadTransaction, scope: Scope, name: string, alias: string): Promise<AliasRow | undefined> =>
  aliases.get(tx, scope, [name, alias]);

// A version is only removed when no alias uses it, which is seen in a range: so whoever changes aliases meets whoever removes versions.
export const guardAliases = (tx: Transaction, scope: Scope, name: string): void => tx.guard(aliases.key(scope, [name]));

export function setAlias(tx: Transaction, scope: Scope, name: string, row: AliasRow): void {
  guardAliases(tx, scope, name);
  aliases.set(tx, scope, [name, row.name], row);
}

export const clearAlias = (tx: Transaction, scope: Scope, name: string, alias: string): void => aliases.clear(tx, scope, [name, alias]);

/** A page of aliases in the order of their names. */
export async function listAliases(
  tx: ReadTransaction,
  scope: Scope,
  name: string,
  page: { readonly limit: number; readonly afterAlias?: string | undefined },
): Promise<AliasRow[]> {
  const after = page.afterAlias === undefined ? {} : { after: [name, page.afterAlias] };
  return (await aliases.list(tx, scope, [name], { limit: page.limit, ...after })).map((item) => item.row);
}

/** The resource policy of a function (`qualifier` undefined), of one of its versions or of an alias. */
export const findPolicy = (tx: ReadTransaction, scope: Scope, name: string, qualifier: string | undefined): Promise<PolicyRow | undefined> =>
  policies.get(tx, scope, [name, qualifier ?? '']);

export const setPolicy = (tx: Transaction, scope: Scope, name: string, qualifier: string | undefined, row: PolicyRow): void =>
  policies.set(tx, scope, [name, qualifier ?? ''], row);

export const clearPolicy = (tx: Transaction, scope: Scope, name: string, qualifier: string | undefined): void =>
  policies.clear(tx, scope, [name, qualifier ?? '']);

/** Everything that hangs on a function's name and qualifiers. */
export function clearAliasesAndPolicies(tx: Transaction, scope: Scope, name: string): void {
  guardAliases(tx, scope, name);
  aliases.clearAll(tx, scope, [name]);
  policies.clearAll(tx, scope, [name]);
}

export const findEvent = (tx: ReadTransaction, scope: Scope, envelopeId: string): Promise<EventRow | undefined> => events.get(tx, scope, [envelopeId]);

export const setEvent = (tx: Transaction, scope: Scope, envelopeId: string, row: EventRow): void => events.set(tx, scope, [envelopeId], row);

export const clearEvent = (tx: Transaction, scope: Scope, envelopeId: string): void => events.clear(tx, scope, [envelopeId]);

const noUsage: UsageRow = { codeBytes: 0, functions: 0, reservedConcurrency: 0 };

export const readUsage = async (tx: ReadTransaction, scope: Scope): Promise<UsageRow> => (await usage.get(tx, scope, ['all'])) ?? noUsage;

/** Adds to the figures of an account and region, and answers the new ones. */
export async function addUsage(tx: Transaction, scope: Scope, delta: Partial<UsageRow>): Promise<UsageRow> {
  const old = await readUsage(tx, scope);
  const row: UsageRow = {
    codeBytes: old.codeBytes + (delta.codeBytes ?? 0),
    functions: old.functions + (delta.functions ?? 0),
    reservedConcurrency: old.reservedConcurrency + (delta.reservedConcurrency ?? 0),
  };
  usage.set(tx, scope, ['all'], row);
  return row;
}

const userParts = (scope: Scope, name: string, version: string, code: CodeReference): string[] => [code.sha256, scope.account, scope.region, name, version];

/** Notes that a version uses an unpacked package, so that its folder stays. */
export const addPackageUser = (tx: Transaction, scope: Scope, name: string, row: VersionRow): void =>
  packageUsers.set(tx, everywhere, userParts(scope, name, row.version, row.code), { blobId: row.code.blobId });

export const clearPackageUser = (tx: Transaction, scope: Scope, name: string, row: VersionRow): void =>
  packageUsers.clear(tx, everywhere, userParts(scope, name, row.version, row.code));

/** What besides a version's own code needs an unpacked package and its archive: a layer, or a version that has it. */
export interface PackageUse {
  readonly place: Scope;
  /** No function's name. */
  readonly user: string;
  readonly version: string;
  readonly code: CodeReference;
}

const partsOfUse = ({ place, user, version, code }: PackageUse): string[] => [code.sha256, place.account, place.region, user, version];

// Whether an archive is needed is seen in a range: so whoever begins to need it meets whoever ceases to.
const guardUses = (tx: Transaction, { code }: PackageUse): void => tx.guard(packageUsers.key(everywhere, [code.sha256]));

export function addPackageUse(tx: Transaction, use: PackageUse): void {
  guardUses(tx, use);
  packageUsers.set(tx, everywhere, partsOfUse(use), { blobId: use.code.blobId });
}

export function clearPackageUse(tx: Transaction, use: PackageUse): void {
  guardUses(tx, use);
  packageUsers.clear(tx, everywhere, partsOfUse(use));
}

/** Everything that uses packages of this content, code of functions included. */
export async function listPackageUses(tx: ReadTransaction, sha256: string, limit: number): Promise<(Omit<PackageUse, 'code'> & { readonly blobId: BlobId })[]> {
  return (await packageUsers.list(tx, everywhere, [sha256], { limit })).map(({ parts: [, account, region, user, version], row }) => ({
    place: { account: String(account), region: String(region) },
    user: String(user),
    version: String(version),
    blobId: row.blobId,
  }));
}

export const isPackageUsed = async (tx: ReadTransaction, sha256: string): Promise<boolean> =>
  (await packageUsers.list(tx, everywhere, [sha256], { limit: 1 })).length > 0;

/** Some functions of all accounts and regions as they are now, the last changed first. */
export async function listRecentFunctions(tx: ReadTransaction, limit: number): Promise<Deployment[]> {
  const users = await packageUsers.list(tx, everywhere, [], { limit });
  const found = await Promise.all(
    users.map(async ({ parts: [, account, region, name, version] }) => {
      if (version !== latest) return undefined;
      const place = { account: String(account), region: String(region) };
      const head = await findFunction(tx, place, String(name));
      return head && { place, name: head.name, row: head.latest };
    }),
  );
  return found.filter((deployment) => deployment !== undefined).sort((a, b) => b.row.modifiedAtMs - a.row.modifiedAtMs);
}

/** Whether another version of the function still needs the archive of this one. */
export async function isArchiveShared(tx: ReadTransaction, scope: Scope, name: string, row: VersionRow): Promise<boolean> {
  const users = await packageUsers.list(tx, everywhere, [row.code.sha256, scope.account, scope.region, name], { limit: rangeLimitMax });
  return users.some((user) => user.parts.at(-1) !== row.version && user.row.blobId === row.code.blobId);
}
