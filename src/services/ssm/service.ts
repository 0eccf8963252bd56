import { defineService } from '../../framework/service.ts';
import type { SsmDeps } from './operation.ts';
import { deleteParameter, deleteParameters } from './operations/deleteParameters.ts';
import { describeParameters } from './operations/describeParameters.ts';
import { getParameter } from './operations/getParameter.ts';
import { getParameterHistory } from './operations/getParameterHistory.ts';
import { getParameters } from './operations/getParameters.ts';
import { getParametersByPath } from './operations/getParametersByPath.ts';
import { labelParameterVersion, unlabelParameterVersion } from './operations/labels.ts';
import { putParameter } from './operations/putParameter.ts';
import { deleteResourcePolicy, getResourcePolicies, putResourcePolicy } from './operations/resourcePolicies.ts';
import { addTagsToResource, listTagsForResource, removeTagsFromResource } from './operations/tags.ts';

/** Parameter Store of AWS Systems Manager (JSON 1.1, target `AmazonSSM`). The other parts of Systems Manager are not there. */
export const ssm = defineService<SsmDeps>({
  id: 'ssm',
  validationErrorCode: 'ValidationException',
  operations: {
    AddTagsToResource: addTagsToResource,
    DeleteParameter: deleteParameter,
    DeleteParameters: deleteParameters,
    DeleteResourcePolicy: deleteResourcePolicy,
    DescribeParameters: describeParameters,
    GetParameter: getParameter,
    GetParameterHistory: getParameterHistory,
    GetParameters: getParameters,
    GetParametersByPath: getParametersByPath,
    GetResourcePolicies: getResourcePolicies,
    LabelParameterVersion: labelParameterVersion,
    ListTagsForResource: listTagsForResource,
    PutParameter: putParameter,
    PutResourcePolicy: putResourcePolicy,
    RemoveTagsFromResource: removeTagsFromResource,
    UnlabelParameterVersion: unlabelParameterVersion,
  },
});
