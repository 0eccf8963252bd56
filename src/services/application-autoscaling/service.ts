import { defineService } from '../../framework/service.ts';
import type { ApplicationAutoscalingDeps } from './operation.ts';
import { describeScalingActivities } from './operations/describeScalingActivities.ts';
import { scalableTargetOperations } from './operations/scalableTargets.ts';
import { scalingPolicyOperations } from './operations/scalingPolicies.ts';
import { scheduledActionOperations } from './operations/scheduledActions.ts';
import { tagOperations } from './operations/tags.ts';

/** Application Auto Scaling (JSON 1.1, target `AnyScaleFrontendService`). */
export const applicationAutoscaling = defineService<ApplicationAutoscalingDeps>({
  id: 'application-autoscaling',
  validationErrorCode: 'ValidationException',
  operations: {
    ...scalableTargetOperations,
    ...scalingPolicyOperations,
    ...scheduledActionOperations,
    DescribeScalingActivities: describeScalingActivities,
    ...tagOperations,
  },
});
