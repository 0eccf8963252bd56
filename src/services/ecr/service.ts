import { defineService } from '../../framework/service.ts';
import { layerPartBytesMax, manifestBytesMax } from './limits.ts';
import type { EcrDeps } from './operation.ts';
import { getAuthorizationToken } from './operations/getAuthorizationToken.ts';
import { batchDeleteImage, batchGetImage, describeImages, listImages, putImage } from './operations/images.ts';
import { batchCheckLayerAvailability, completeLayerUpload, getDownloadUrlForLayer, initiateLayerUpload, uploadLayerPart } from './operations/layers.ts';
import { deleteLifecyclePolicy, getLifecyclePolicy, getLifecyclePolicyPreview, putLifecyclePolicy, startLifecyclePolicyPreview } from './operations/lifecyclePolicies.ts';
import { deleteRepositoryPolicy, getRepositoryPolicy, setRepositoryPolicy } from './operations/policies.ts';
import { refusedOperations } from './operations/refused.ts';
import { createRepository, deleteRepository, describeRepositories, putImageTagMutability } from './operations/repositories.ts';
import { listTagsForResource, tagResource, untagResource } from './operations/tags.ts';
import { answerRegistry } from './registry/answerRegistry.ts';

/** Amazon ECR (JSON 1.1, target `AmazonEC2ContainerRegistry_V20150921`), and the registry itself (`/v2/…`). */
export const ecrService = defineService<EcrDeps>({
  id: 'ecr',
  validationErrorCode: 'InvalidParameterException',
  front: answerRegistry,
  // Base64, and the rest of the document.
  requestBytesMax: { UploadLayerPart: Math.ceil((layerPartBytesMax * 4) / 3) + 65_536, PutImage: 2 * manifestBytesMax },
  operations: {
    BatchCheckLayerAvailability: batchCheckLayerAvailability,
    BatchDeleteImage: batchDeleteImage,
    BatchGetImage: batchGetImage,
    CompleteLayerUpload: completeLayerUpload,
    CreateRepository: createRepository,
    DeleteLifecyclePolicy: deleteLifecyclePolicy,
    DeleteRepository: deleteRepository,
    DeleteRepositoryPolicy: deleteRepositoryPolicy,
    DescribeImages: describeImages,
    DescribeRepositories: describeRepositories,
    GetAuthorizationToken: getAuthorizationToken,
    GetDownloadUrlForLayer: getDownloadUrlForLayer,
    GetLifecyclePolicy: getLifecyclePolicy,
    GetLifecyclePolicyPreview: getLifecyclePolicyPreview,
    GetRepositoryPolicy: getRepositoryPolicy,
    InitiateLayerUpload: initiateLayerUpload,
    ListImages: listImages,
    ListTagsForResource: listTagsForResource,
    PutImage: putImage,
    PutImageTagMutability: putImageTagMutability,
    PutLifecyclePolicy: putLifecyclePolicy,
    SetRepositoryPolicy: setRepositoryPolicy,
    StartLifecyclePolicyPreview: startLifecyclePolicyPreview,
    TagResource: tagResource,
    UntagResource: untagResource,
    UploadLayerPart: uploadLayerPart,
    ...refusedOperations,
  },
});
