import { defineService } from '../../framework/service.ts';
import { requestBytesMax } from './limits.ts';
import type { CloudWatchDeps } from './operation.ts';
import { alarmChangeOperations } from './operations/alarmChanges.ts';
import { describeAlarmOperations } from './operations/describeAlarms.ts';
import { getMetricData } from './operations/getMetricData.ts';
import { getMetricStatistics } from './operations/getMetricStatistics.ts';
import { listMetrics } from './operations/listMetrics.ts';
import { putCompositeAlarm } from './operations/putCompositeAlarm.ts';
import { putMetricAlarm } from './operations/putMetricAlarm.ts';
import { putMetricData } from './operations/putMetricData.ts';
import { tagOperations } from './operations/tags.ts';

/** Amazon CloudWatch (RPC v2 CBOR, JSON 1.0 with target `GraniteServiceVersion20100801`, and the query protocol). */
export const cloudWatch = defineService<CloudWatchDeps>({
  id: 'cloudwatch',
  validationErrorCode: 'ValidationError',
  requestBytesMax: { PutMetricData: requestBytesMax },
  operations: {
    PutMetricData: putMetricData,
    GetMetricData: getMetricData,
    GetMetricStatistics: getMetricStatistics,
    ListMetrics: listMetrics,
    PutMetricAlarm: putMetricAlarm,
    PutCompositeAlarm: putCompositeAlarm,
    ...describeAlarmOperations,
    ...alarmChangeOperations,
    ...tagOperations,
  },
});
