import { parseArn } from '../base/arn.ts';
import type { Clock } from '../base/clock.ts';
import { ServiceError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { AccessRequest, Call } from '../framework/context.ts';
import type { RoleAccess } from '../framework/roleAccess.ts';
import type { BoundOperation, BoundService } from '../framework/service.ts';
import type { ApiCaller, ApiOperation, RoleCall } from '../ports/apiCaller.ts';
import type { RoleDirectory } from '../ports/identity.ts';
import { codecOf } from '../wire/codecs.ts';
import { checkConstraints } from '../wire/constraints.ts';
import { loadAllModels, type OperationModel, type ServiceModel, streamingMember } from '../wire/model.ts';

export interface RoleCallDeps {
  /** By model id; asked at each call, because services are made one after another. */
  services(): ReadonlyMap<string, BoundService>;
  readonly roles: Pick<RoleDirectory, 'findRole'>;
  readonly roleAccess: RoleAccess;
  readonly clock: Clock;
  readonly log: Logger;
  readonly endpoint: string;
  readonly newRequestId: () => string;
}

interface Found {
  readonly service: BoundService;
  readonly bound: BoundOperation;
  readonly model: OperationModel;
}

/** Calls of services in the name of roles, through the same steps as requests: parse → constraints → authorise → handle. */
export function createRoleCaller(deps: RoleCallDeps): ApiCaller {
  let bySdkName: ReadonlyMap<string, ServiceModel> | undefined;

  function find({ service: sdkName, action }: ApiOperation): Found | undefined {
    bySdkName ??= new Map(loadAllModels().map((model) => [model.sdkId.replaceAll(/[ -]/g, '').toLowerCase(), model]));
    const model = bySdkName.get(sdkName)?.findOperation(`${action.charAt(0).toUpperCase()}${action.slice(1)}`);
    const service = model && deps.services().get(model.service.id);
    const bound = model && service?.find(model.name);
    return service && bound && (bound.buffered || !streamingMember(model.input)) ? { service, bound, model } : undefined;
  }

  return {
    has: (operation) => find(operation) !== undefined,
    async call(asked) {
      const found = find(asked);
      if (!found) return { kind: 'failed', code: 'InvalidAction', message: `There is no ${asked.service}:${asked.action}.`, retryable: false };
      try {
        await run(found, asked, deps);
        return { kind: 'done' };
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error;
        const retryable = (error.status ?? 400) >= 500 || /Throttl|TooManyRequests|SlowDown/.test(error.code);
        return { kind: 'failed', code: error.code, message: error.message, retryable };
      }
    },
  };
}

async function run({ service, bound, model }: Found, asked: RoleCall, deps: RoleCallDeps): Promise<void> {
  const codec = codecOf('awsJson1_1');
  const target = `${model.service.targetPrefix ?? ''}.${model.name}`;
  const head: Call['head'] = { method: 'POST', path: '/', query: '', headers: { 'x-amz-target': target, 'user-agent': 'AmazonEventBridgeScheduler' } };
  const input = codec.parseInput(model, head, {}, Buffer.from(asked.input));
  if (!service.checksOwnInput) checkConstraints(model, input, service.validationErrorCode);
  const nowMs = deps.clock.now();
  const permits = (access: AccessRequest): Promise<boolean> =>
    deps.roleAccess({ roleArn: asked.roleArn, action: access.action, resource: access.resource, resourcePolicy: access.resourcePolicy, nowMs, region: asked.region });
  const authorise = async (access: AccessRequest | readonly AccessRequest[]): Promise<void> => {
    for (const one of [access].flat()) {
      if (await permits(one as AccessRequest)) continue;
      const { action, resource } = one as AccessRequest;
      throw new ServiceError('AccessDeniedException', `${asked.roleArn} is not authorized to perform: ${action} on resource: ${resource}`);
    }
  };
  const requestId = deps.newRequestId();
  const caller = await callerOf(asked, deps);
  const { account, region, signal } = asked;
  const log = deps.log.with({ requestId, operation: model.name });
  const call: Call = { requestId, account, region, caller, nowMs, signal, log, endpoint: deps.endpoint, sourceIp: 'scheduler.amazonaws.com', head, authorise, permits };
  if (bound.access !== 'public') await authorise(await bound.access(input, call));
  await bound.handle(input, call);
}

async function callerOf({ roleArn, account }: RoleCall, { roles }: RoleCallDeps): Promise<Call['caller']> {
  const role = await roles.findRole(roleArn);
  const roleName = role?.roleName ?? parseArn(roleArn)?.resource.split('/').at(-1) ?? '';
  const sessionName = 'haneul';
  return { kind: 'role-session', roleArn, roleName, sessionName, account, arn: `arn:aws:sts::${account}:assumed-role/${roleName}/${sessionName}`, userId: `${role?.roleId ?? 'AROAMISSING'}:${sessionName}` };
}
