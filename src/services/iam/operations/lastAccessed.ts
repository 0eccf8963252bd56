// Access advisor: which services and actions an entity may use, and when it last did.

import { uuid } from '../../../base/ids.ts';
import type { AccessRequest, Call } from '../../../framework/context.ts';
import type { ReadTransaction } from '../../../kv/store.ts';
import { lastUseOf, reportAccess, type EntityUse, type ServiceAccessReport } from '../accessReport.ts';
import { iamArn, parsePolicyArn } from '../domain/names.ts';
import { pageOfList } from '../domain/paging.ts';
import { errors } from '../errors.ts';
import { entitiesPerReport, reportJobMsMax, reportJobsPerCleanup } from '../limits.ts';
import { given } from '../onEntity.ts';
import { listPoliciesGrantingServiceAccess } from './listPoliciesGrantingServiceAccess.ts';
import { operation, type IamDeps } from '../operation.ts';
import { findPolicy } from '../policies.ts';
import { requireEntityArn, requireEntityByArn } from '../policySources.ts';
import { clearOldReportJobs, findEntity, findReportJob, listMembers, listPolicyUsers, setReportJob, type EntityRow, type ReportJobRow } from '../store.ts';

const generate = operation('GenerateServiceLastAccessedDetails', {
  access: ({ Arn }) => ({ action: 'iam:GenerateServiceLastAccessedDetails', resource: Arn ?? '' }),
  async handle({ Arn, Granularity }, call, { store, random, managedPolicies }) {
    const arn = given(Arn);
    if (!parsePolicyArn(arn)) requireEntityArn(arn);
    const jobId = uuid(random);
    await store.transact(async (tx) => {
      await requireSubject(tx, arn, call, managedPolicies);
      await clearOldReportJobs(tx, call.account, { beforeMs: call.nowMs - reportJobMsMax, limit: reportJobsPerCleanup });
      setReportJob(tx, call.account, jobId, { arn, actions: Granularity === 'ACTION_LEVEL', createdAtMs: call.nowMs });
    });
    return { JobId: jobId };
  },
});

const getDetails = operation('GetServiceLastAccessedDetails', {
  access: () => accessToAnything('GetServiceLastAccessedDetails'),
  async handle(input, call, deps) {
    const { job, report } = await readReport(given(input.JobId), call, deps);
    const page = await pageOfList(input, report.services, ({ prefix }) => prefix);
    return {
      ...jobStatus(job),
      JobType: job.actions ? 'ACTION_LEVEL' : 'SERVICE_LEVEL',
      ServicesLastAccessed: page.items.map((service) => describeService(service, job, call.account)),
      ...page.position,
    } as const;
  },
});

const getDetailsWithEntities = operation('GetServiceLastAccessedDetailsWithEntities', {
  access: () => accessToAnything('GetServiceLastAccessedDetailsWithEntities'),
  async handle(input, call, deps) {
    const { job, entities } = await readReport(given(input.JobId), call, deps, { eachEntity: true });
    const namespace = given(input.ServiceNamespace);
    const found = entities.flatMap(({ entity, services }) => {
      const service = services.find(({ prefix }) => prefix === namespace);
      return service ? [{ entity, used: lastUseOf(service) }] : [];
    });
    const page = await pageOfList(input, found, ({ entity }) => `${entity.kind} ${entity.name}`);
    return {
      ...jobStatus(job),
      EntityDetailsList: page.items.map(({ entity, used }) => ({
        EntityInfo: { Arn: arnOf(entity, call.account), Name: entity.name, Type: entity.kind === 'role' ? 'ROLE' : 'USER', Id: entity.id, Path: entity.path } as const,
        ...(used && { LastAuthenticated: new Date(used.atMs) }),
      })),
      ...page.position,
    };
  },
});

/** By their names in the API. */
export const lastAccessedOperations = {
  GenerateServiceLastAccessedDetails: generate,
  GetServiceLastAccessedDetails: getDetails,
  GetServiceLastAccessedDetailsWithEntities: getDetailsWithEntities,
  ListPoliciesGrantingServiceAccess: listPoliciesGrantingServiceAccess,
};

function accessToAnything(name: string): AccessRequest {
  return { action: `iam:${name}`, resource: '*' };
}

// DEVIATION: AWS works a report out once, when it is asked for; here it tells what is known when it is fetched.
async function readReport(jobId: string, call: Call, deps: IamDeps, { eachEntity = false } = {}) {
  await deps.use?.flush();
  return await deps.store.read(async (tx) => {
    const job = await findReportJob(tx, call.account, jobId);
    if (!job || job.createdAtMs < call.nowMs - reportJobMsMax) throw errors.noSuchJob(jobId);
    const subjects = await requireSubject(tx, job.arn, call, deps.managedPolicies);
    const entities: { entity: EntityRow; services: ServiceAccessReport[] }[] = [];
    if (eachEntity) for (const entity of subjects) entities.push({ entity, services: await reportAccess(tx, call.account, [entity], deps) });
    return { job, entities, report: { services: eachEntity ? [] : await reportAccess(tx, call.account, subjects, deps) } };
  });
}

/** The users and roles that a report is about: one, the members of a group, or those that a policy is attached to. */
async function requireSubject(tx: ReadTransaction, arn: string, call: Call, managed: IamDeps['managedPolicies']): Promise<EntityRow[]> {
  const { account } = call;
  if (parsePolicyArn(arn)) {
    if (!(await findPolicy(tx, managed, account, arn))) throw errors.noSuchPolicy(arn);
    const users = await listPolicyUsers(tx, account, arn, { after: undefined, limit: entitiesPerReport });
    const rows = await Promise.all(users.filter(({ item }) => item.use === 'attached').map(({ item }) => findEntity(tx, account, item.kind, item.name)));
    return (await Promise.all(rows.map((row) => (row ? membersOf(tx, account, row) : [])))).flat();
  }
  return await membersOf(tx, account, await requireEntityByArn(tx, account, arn));
}

async function membersOf(tx: ReadTransaction, account: string, row: EntityRow): Promise<EntityRow[]> {
  if (row.kind !== 'group') return [row];
  const members = await listMembers(tx, account, row.name, { after: undefined, limit: entitiesPerReport });
  const users = await Promise.all(members.map(({ item }) => findEntity(tx, account, 'user', item)));
  return users.filter((user) => user !== undefined);
}

function jobStatus({ createdAtMs }: ReportJobRow) {
  return { JobStatus: 'COMPLETED', JobCreationDate: new Date(createdAtMs), JobCompletionDate: new Date(createdAtMs) } as const;
}

function describeService(service: ServiceAccessReport, { actions }: ReportJobRow, account: string) {
  const used = lastUseOf(service);
  const entities = new Set(service.actions.flatMap(({ used: use }) => (use ? [use.entity.id] : [])));
  return {
    ServiceName: service.fullName,
    ServiceNamespace: service.prefix,
    ...(used && { LastAuthenticated: new Date(used.atMs), LastAuthenticatedEntity: arnOf(used.entity, account), LastAuthenticatedRegion: used.region }),
    TotalAuthenticatedEntities: entities.size,
    ...(actions && { TrackedActionsLastAccessed: service.actions.map(({ name, used: use }) => ({ ActionName: name, ...(use && describeUse(use, account)) })) }),
  };
}

function describeUse({ entity, atMs, region }: EntityUse, account: string) {
  return { LastAccessedEntity: arnOf(entity, account), LastAccessedTime: new Date(atMs), LastAccessedRegion: region };
}

function arnOf({ kind, path, name }: EntityRow, account: string): string {
  return iamArn(account, kind, path, name);
}
