// Quotas: https://docs.aws.amazon.com/general/latest/gr/as-app.html

/** Scalable targets of one resource type, per region; the quota of most types. */
export const targetsMax = 500;
/** Scaling policies of one scalable target (step and target tracking together). */
export const policiesMax = 50;
/** Scheduled actions of one scalable target. */
export const scheduledActionsMax = 200;
/** API reference, TagResource: "up to 50 tags". */
export const tagsMax = 50;
/** API reference, MaxResults of every Describe: 1 to 50, 50 when absent. */
export const pageMax = 50;
/** API reference, DescribeScalingActivities: "from the previous six weeks". */
export const activityMs = 42 * 86_400_000;
/** Activities of one target that are kept, so that a schedule of every minute cannot fill the disk. */
export const activitiesMax = 1_000;
/** User guide, "How target tracking works" and the alarms it makes for Lambda: three minutes above the target scale out … */
export const minutesToScaleOut = 3;
/** … and fifteen below nine tenths of it scale in. */
export const minutesToScaleIn = 15;
export const scaleInPart = 0.9;
/** User guide, "Schedule recurring scaling actions": the shortest rate is a minute. */
export const minuteMs = 60_000;
