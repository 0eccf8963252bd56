import { defineService } from '../../framework/service.ts';
import type { LogsDeps } from './operation.ts';
import { createLogGroup } from './operations/createLogGroup.ts';
import { createLogStream } from './operations/createLogStream.ts';
import { deleteLogGroup } from './operations/deleteLogGroup.ts';
import { deleteLogStream } from './operations/deleteLogStream.ts';
import { deleteRetentionPolicy } from './operations/deleteRetentionPolicy.ts';
import { deleteDestination, describeDestinations, putDestination, putDestinationPolicy } from './operations/destinations.ts';
import { describeLogGroups } from './operations/describeLogGroups.ts';
import { describeLogStreams } from './operations/describeLogStreams.ts';
import { filterLogEvents } from './operations/filterLogEvents.ts';
import { getLogEvents } from './operations/getLogEvents.ts';
import { listLogGroups } from './operations/listLogGroups.ts';
import { listTagsForResource } from './operations/listTagsForResource.ts';
import { listTagsLogGroup } from './operations/listTagsLogGroup.ts';
import { cancelExportTask, createExportTask, describeExportTasks } from './operations/exportTasks.ts';
import { deleteMetricFilter, describeMetricFilters, putMetricFilter } from './operations/metricFilters.ts';
import { getLogGroupFields, getLogRecord } from './operations/logRecords.ts';
import { putLogEvents } from './operations/putLogEvents.ts';
import { putLogGroupDeletionProtection } from './operations/putLogGroupDeletionProtection.ts';
import { putRetentionPolicy } from './operations/putRetentionPolicy.ts';
import { describeQueries, getQueryResults, listLogGroupsForQuery, startQuery, stopQuery } from './operations/queries.ts';
import { deleteQueryDefinition, describeQueryDefinitions, putQueryDefinition } from './operations/queryDefinitions.ts';
import { deleteResourcePolicy, describeResourcePolicies, putResourcePolicy } from './operations/resourcePolicies.ts';
import { refused } from './operations/refused.ts';
import { startLiveTail } from './operations/startLiveTail.ts';
import { deleteSubscriptionFilter, describeSubscriptionFilters, putSubscriptionFilter } from './operations/subscriptionFilters.ts';
import { tagLogGroup } from './operations/tagLogGroup.ts';
import { tagResource } from './operations/tagResource.ts';
import { testMetricFilter } from './operations/testMetricFilter.ts';
import { untagLogGroup } from './operations/untagLogGroup.ts';
import { untagResource } from './operations/untagResource.ts';

/** Amazon CloudWatch Logs (JSON 1.1, target `Logs_20140328`). */
export const logs = defineService<LogsDeps>({
  id: 'logs',
  validationErrorCode: 'InvalidParameterException',
  operations: {
    CreateLogGroup: createLogGroup,
    CreateLogStream: createLogStream,
    DeleteLogGroup: deleteLogGroup,
    DeleteLogStream: deleteLogStream,
    DeleteRetentionPolicy: deleteRetentionPolicy,
    DescribeLogGroups: describeLogGroups,
    DescribeLogStreams: describeLogStreams,
    FilterLogEvents: filterLogEvents,
    GetLogEvents: getLogEvents,
    ListLogGroups: listLogGroups,
    ListTagsForResource: listTagsForResource,
    ListTagsLogGroup: listTagsLogGroup,
    PutLogEvents: putLogEvents,
    PutLogGroupDeletionProtection: putLogGroupDeletionProtection,
    PutRetentionPolicy: putRetentionPolicy,
    StartLiveTail: startLiveTail,
    TagLogGroup: tagLogGroup,
    TagResource: tagResource,
    TestMetricFilter: testMetricFilter,
    UntagLogGroup: untagLogGroup,
    UntagResource: untagResource,
    ...{ PutSubscriptionFilter: putSubscriptionFilter, DescribeSubscriptionFilters: describeSubscriptionFilters, DeleteSubscriptionFilter: deleteSubscriptionFilter },
    ...{ PutMetricFilter: putMetricFilter, DescribeMetricFilters: describeMetricFilters, DeleteMetricFilter: deleteMetricFilter },
    ...{ PutResourcePolicy: putResourcePolicy, DescribeResourcePolicies: describeResourcePolicies, DeleteResourcePolicy: deleteResourcePolicy },
    ...{ StartQuery: startQuery, GetQueryResults: getQueryResults, StopQuery: stopQuery, DescribeQueries: describeQueries, ListLogGroupsForQuery: listLogGroupsForQuery },
    ...{ PutQueryDefinition: putQueryDefinition, DescribeQueryDefinitions: describeQueryDefinitions, DeleteQueryDefinition: deleteQueryDefinition },
    ...{ GetLogRecord: getLogRecord, GetLogGroupFields: getLogGroupFields },
    ...{ CreateExportTask: createExportTask, DescribeExportTasks: describeExportTasks, CancelExportTask: cancelExportTask },
    ...refused,
    ...{ PutDestination: putDestination, PutDestinationPolicy: putDestinationPolicy, DescribeDestinations: describeDestinations, DeleteDestination: deleteDestination },
  },
});
