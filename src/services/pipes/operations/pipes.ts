import type { CreatePipeCommandInput, PipeLogConfigurationParameters, PipeSourceParameters, PipeState, RequestedPipeState } from '@aws-sdk/client-pipes';
import type { AccessRequest, Call } from '../../../framework/context.ts';
import { parsePipeArn, pipeArn, type PipeName } from '../domain/names.ts';
import { requireSettings } from '../domain/settings.ts';
import { parseLogGroupArn } from '../domain/targets.ts';
import { errors } from '../errors.ts';
import { pageRows, pipesMax } from '../limits.ts';
import { nameOf, operation, ownPrincipal, type PipesDeps, requirePipe } from '../operation.ts';
import { findPipe, listPipes as listRows, type LogSettings, type PipeRow, setPipe } from '../store.ts';

function accessTo(action: string, input: { Name?: string | undefined; RoleArn?: string | undefined }, call: Call): AccessRequest[] {
  const own = { action: `pipes:${action}`, resource: pipeArn(nameOf(input, call)) };
  const { RoleArn: resource } = input;
  return resource === undefined ? [own] : [own, { action: 'iam:PassRole', resource, conditions: { 'iam:PassedToService': ownPrincipal } }];
}

const createPipe = operation('CreatePipe', {
  access(input, call) {
    const own = accessTo('CreatePipe', input, call);
    return input.Tags === undefined ? own : [...own, { action: 'pipes:TagResource', resource: pipeArn(nameOf(input, call)) }];
  },
  async handle(input, call, deps) {
    const name = nameOf(input, call);
    const nowMs = Math.floor(deps.clock.now());
    requireNoKey(input.KmsKeyIdentifier);
    const row: PipeRow = plain({
      ...name,
      ...(input.Description ? { description: input.Description } : {}),
      source: input.Source ?? '',
      sourceParameters: input.SourceParameters ?? {},
      ...(input.Enrichment ? { enrichment: input.Enrichment } : {}),
      ...(input.EnrichmentParameters ? { enrichmentParameters: input.EnrichmentParameters } : {}),
      target: input.Target ?? '',
      targetParameters: input.TargetParameters ?? {},
      roleArn: input.RoleArn ?? '',
      ...(await loggingOf(input.LogConfiguration, deps)),
      tags: input.Tags ?? {},
      desired: input.DesiredState ?? 'RUNNING',
      state: 'CREATING' as const,
      ...{ createdAtMs: nowMs, modifiedAtMs: nowMs, revision: 1 },
    });
    requireSettings(row);
    await requireRole(row.roleArn, deps);
    await deps.store.transact(async (tx) => {
      const old = await findPipe(tx, name);
      if (old) throw errors.exists(name.name);
      if ((await listRows(tx, name, { limit: pipesMax })).length >= pipesMax) throw errors.quota();
      setPipe(tx, row);
    });
    return summary(row);
  },
});

const describePipe = operation('DescribePipe', {
  access: (input, call) => accessTo('DescribePipe', input, call),
  async handle(input, call, { store }) {
    const row = await store.read((tx) => requirePipe(tx, nameOf(input, call)));
    return {
      ...summary(row),
      DesiredState: row.desired,
      Source: row.source,
      SourceParameters: row.sourceParameters,
      Target: row.target,
      TargetParameters: row.targetParameters,
      RoleArn: row.roleArn,
      ...(Object.keys(row.tags).length === 0 ? {} : { Tags: { ...row.tags } }),
      ...(row.description === undefined ? {} : { Description: row.description }),
      ...(row.reason === undefined ? {} : { StateReason: row.reason }),
      ...(row.enrichment === undefined ? {} : { Enrichment: row.enrichment }),
      ...(row.enrichmentParameters === undefined ? {} : { EnrichmentParameters: row.enrichmentParameters }),
      ...(row.logging === undefined ? {} : { LogConfiguration: shownLogging(row.logging) }),
    };
  },
});

/** States from which nothing is changed by anyone but the service. */
const settling: readonly PipeState[] = ['CREATING', 'UPDATING', 'DELETING', 'STARTING', 'STOPPING'];

const updatePipe = operation('UpdatePipe', {
  access: (input, call) => accessTo('UpdatePipe', input, call),
  async handle(input, call, deps) {
    const name = nameOf(input, call);
    const nowMs = Math.floor(deps.clock.now());
    requireNoKey(input.KmsKeyIdentifier);
    await requireRole(input.RoleArn ?? '', deps);
    const logging = await loggingOf(input.LogConfiguration, deps);
    const row = await deps.store.transact(async (tx) => {
      const old = await requirePipe(tx, name);
      if (settling.includes(old.state)) throw errors.busy(name.name, old.state);
      const { reason: _reason, enrichment: oldEnrichment, logging: oldLogging, ...kept } = old;
      // An empty text takes the enrichment away.
      const enrichment = input.Enrichment ?? oldEnrichment;
      const changed: PipeRow = plain({
        ...kept,
        ...(input.Description === undefined ? {} : { description: input.Description }),
        // "The exception: … service-specific fields in the parameters … are updated atomically as one" (API reference, UpdatePipe).
        sourceParameters: { ...old.sourceParameters, ...(input.SourceParameters as PipeSourceParameters | undefined) },
        ...(enrichment ? { enrichment } : {}),
        ...(input.EnrichmentParameters === undefined ? {} : { enrichmentParameters: { ...old.enrichmentParameters, ...input.EnrichmentParameters } }),
        target: input.Target ?? old.target,
        targetParameters: input.Target !== undefined && input.Target !== old.target ? (input.TargetParameters ?? {}) : { ...old.targetParameters, ...input.TargetParameters },
        roleArn: input.RoleArn ?? old.roleArn,
        ...(input.LogConfiguration === undefined ? (oldLogging ? { logging: oldLogging } : {}) : logging),
        desired: input.DesiredState ?? (old.desired === 'DELETED' ? 'STOPPED' : old.desired),
        state: 'UPDATING' as const,
        ...{ modifiedAtMs: nowMs, revision: old.revision + 1 },
      });
      requireSettings(changed);
      setPipe(tx, changed);
      return changed;
    });
    return summary(row);
  },
});

const deletePipe = operation('DeletePipe', {
  access: (input, call) => accessTo('DeletePipe', input, call),
  async handle(input, call, deps) {
    const row = await want(nameOf(input, call), { desired: 'DELETED', state: 'DELETING' }, [], deps);
    return { ...summary(row), DesiredState: row.desired };
  },
});

const startPipe = operation('StartPipe', {
  access: (input, call) => accessTo('StartPipe', input, call),
  handle: async (input, call, deps) => summary(await want(nameOf(input, call), { desired: 'RUNNING', state: 'STARTING' }, ['RUNNING'], deps)),
});

const stopPipe = operation('StopPipe', {
  access: (input, call) => accessTo('StopPipe', input, call),
  handle: async (input, call, deps) => summary(await want(nameOf(input, call), { desired: 'STOPPED', state: 'STOPPING' }, ['STOPPED'], deps)),
});

/** Notes what is wanted; the runner does it. Nothing is noted where it is the case `already`. */
function want(name: PipeName, change: Pick<PipeRow, 'desired' | 'state'>, already: readonly PipeState[], { store, clock }: PipesDeps): Promise<PipeRow> {
  const modifiedAtMs = Math.floor(clock.now());
  return store.transact(async (tx) => {
    const { reason: _reason, ...old } = await requirePipe(tx, name);
    if (old.state === 'DELETING' || (change.desired !== 'DELETED' && settling.includes(old.state))) throw errors.busy(name.name, old.state);
    const row: PipeRow = already.includes(old.state) ? old : { ...old, ...change, modifiedAtMs, revision: old.revision + 1 };
    if (row !== old) setPipe(tx, row);
    return row;
  });
}

const listPipes = operation('ListPipes', {
  access: () => ({ action: 'pipes:ListPipes', resource: '*' }),
  async handle({ NamePrefix = '', DesiredState, CurrentState, SourcePrefix = '', TargetPrefix = '', NextToken, Limit = 100 }, { account, region }, { store }) {
    const found: PipeRow[] = [];
    const after = NextToken === undefined ? undefined : readToken(NextToken);
    await store.read(async (tx) => {
      let last = after;
      // Filters may leave out whole pages.
      for (let more = true; more && found.length <= Limit; ) {
        const rows = await listRows(tx, { account, region }, { limit: pageRows, after: last });
        found.push(...rows.filter((row) => row.name.startsWith(NamePrefix) && row.source.startsWith(SourcePrefix) && row.target.startsWith(TargetPrefix) && (DesiredState ?? row.desired) === row.desired && (CurrentState ?? row.state) === row.state));
        more = rows.length === pageRows;
        last = rows.at(-1)?.name;
      }
    });
    const page = found.slice(0, Limit);
    const listed = page.map((row) => ({
      ...{ ...summary(row), Source: row.source, Target: row.target },
      ...(row.enrichment === undefined ? {} : { Enrichment: row.enrichment }),
      ...(row.reason === undefined ? {} : { StateReason: row.reason }),
    }));
    return { Pipes: listed, ...(found.length > Limit ? { NextToken: Buffer.from(page.at(-1)?.name ?? '').toString('base64url') } : {}) };
  },
});

export const pipeOperations = { CreatePipe: createPipe, DeletePipe: deletePipe, DescribePipe: describePipe, ListPipes: listPipes, StartPipe: startPipe, StopPipe: stopPipe, UpdatePipe: updatePipe };

function readToken(token: string): string {
  const name = Buffer.from(token, 'base64url').toString('utf8');
  if (!parsePipeArn(`arn:aws:pipes:::pipe/${name}`) || Buffer.from(name).toString('base64url') !== token) throw errors.validation('The NextToken is not valid.');
  return name;
}

function summary(row: PipeRow) {
  const desired: RequestedPipeState = row.desired === 'DELETED' ? 'STOPPED' : row.desired;
  return { Arn: pipeArn(row), Name: row.name, DesiredState: desired, CurrentState: row.state, CreationTime: new Date(row.createdAtMs), LastModifiedTime: new Date(row.modifiedAtMs) };
}

// Rows are stored without members that are undefined.
const plain = (row: PipeRow): PipeRow => JSON.parse(JSON.stringify(row)) as PipeRow;

function requireNoKey(key: CreatePipeCommandInput['KmsKeyIdentifier']): void {
  if (key) throw errors.unsupported('Encryption of a pipe with a key of your own (KmsKeyIdentifier)');
}

async function requireRole(roleArn: string, { roles }: PipesDeps): Promise<void> {
  const role = await roles.findRole(roleArn);
  if (role && !roles.trustsService(role, ownPrincipal)) throw errors.validation(`The role ${roleArn} must allow ${ownPrincipal} to assume it.`);
}

async function loggingOf(given: PipeLogConfigurationParameters | undefined, { logs }: PipesDeps): Promise<{ logging?: LogSettings }> {
  if (given?.S3LogDestination) throw errors.unsupported('A bucket as the destination of logs (S3LogDestination)');
  if (given?.FirehoseLogDestination) throw errors.unsupported('A delivery stream as the destination of logs (FirehoseLogDestination)');
  if (given?.Level === undefined || given.Level === 'OFF') return {};
  const logGroupArn = given.CloudwatchLogsLogDestination?.LogGroupArn;
  if (logGroupArn === undefined) throw errors.validation('LogConfiguration must have at least one destination unless its Level is OFF.');
  const group = parseLogGroupArn(logGroupArn);
  if (!group || !(await logs.exists(group, group.logGroupName))) throw errors.validation(`The log group ${logGroupArn} does not exist.`);
  return { logging: { level: given.Level, logGroupArn, includesData: given.IncludeExecutionData?.includes('ALL') === true } };
}

function shownLogging({ level, logGroupArn, includesData }: LogSettings) {
  return { Level: level, CloudwatchLogsLogDestination: { LogGroupArn: logGroupArn }, ...(includesData ? { IncludeExecutionData: ['ALL' as const] } : {}) };
}
