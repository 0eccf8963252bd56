import type { ScalingActivity } from '@aws-sdk/client-application-auto-scaling';
import type { ReadTransaction } from '../../../kv/store.ts';
import type { Scope } from '../../../kv/table.ts';
import { errors } from '../errors.ts';
import { activityMs } from '../limits.ts';
import { requireResource, scopeOf } from '../lookup.ts';
import { operation } from '../operation.ts';
import type { ApplicationAutoscalingDeps } from '../operation.ts';
import { makeToken, openToken, pageSizeOf } from '../paging.ts';
import { pageOfActivities } from '../store.ts';
import type { ActivityRow } from '../store.ts';

/** What was scaled in the last six weeks, the newest of each target first. */
export const describeScalingActivities = operation('DescribeScalingActivities', {
  access: () => ({ action: 'application-autoscaling:DescribeScalingActivities', resource: '*' }),
  async handle(input, call, deps) {
    const scope = scopeOf(call);
    const { ServiceNamespace: namespace = '', ResourceId: resourceId, ScalableDimension: dimension } = input;
    if (dimension !== undefined && resourceId === undefined) throw errors.validation('If you specify a scalable dimension, you must also specify a resource ID.');
    // What was not scaled is not noted, so there is nothing to leave out.
    return deps.store.read(async (tx) => {
      const page = await pageOfActivities(tx, scope, {
        prefix: [namespace],
        after: openToken(input.NextToken),
        limit: pageSizeOf(input.MaxResults),
        wants: (row) =>
          row.atMs >= call.nowMs - activityMs && (resourceId === undefined || row.resourceId === resourceId) && (dimension === undefined || row.dimension === dimension),
      });
      const activities: ScalingActivity[] = [];
      for (const row of page.rows) activities.push(await describe(tx, scope, row, deps));
      return { ScalingActivities: activities, ...(page.next ? { NextToken: makeToken(page.next) } : {}) };
    });
  },
});

async function describe(tx: ReadTransaction, scope: Scope, row: ActivityRow, deps: ApplicationAutoscalingDeps): Promise<ScalingActivity> {
  const end = await endOf(tx, scope, row, deps);
  return {
    ActivityId: row.id,
    ServiceNamespace: row.namespace as ScalingActivity['ServiceNamespace'],
    ResourceId: row.resourceId,
    ScalableDimension: row.dimension as ScalingActivity['ScalableDimension'],
    Description: row.description,
    Cause: row.cause,
    StartTime: new Date(row.atMs),
    ...end,
  };
}

/** The last change is as far as its resource says; those before it have been replaced. */
async function endOf(tx: ReadTransaction, scope: Scope, row: ActivityRow, deps: ApplicationAutoscalingDeps): Promise<Pick<ScalingActivity, 'StatusCode' | 'StatusMessage' | 'EndTime'>> {
  const { outcome, namespace } = row;
  const EndTime = new Date(row.atMs);
  if (outcome.kind === 'failed') return { StatusCode: 'Failed', StatusMessage: outcome.message, EndTime };
  const resource = requireResource(row, deps);
  const done = `Successfully set ${resource.noun} to ${outcome.capacity}.`;
  const fulfilled = { StatusCode: 'Successful', StatusMessage: `${done} Change successfully fulfilled by ${namespace}.`, EndTime } as const;
  if (outcome.kind === 'superseded') return fulfilled;
  const state = await resource.describe(tx, scope, row.resourceId);
  if (state?.status === 'pending') return { StatusCode: 'InProgress', StatusMessage: `${done} Waiting for change to be fulfilled by ${namespace}.` };
  if (state?.status === 'failed') return { StatusCode: 'Failed', StatusMessage: `${done} The change was not fulfilled by ${namespace}. Reason: ${state.reason ?? ''}`, EndTime };
  return fulfilled;
}
