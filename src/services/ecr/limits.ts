// Quotas: https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html unless another source is named.

/** API reference, UploadLayerPart: "each image layer part ... can be up to 20971520 bytes in size (or about 20MB)". */
export const layerPartBytesMax = 20_971_520;
/** "Maximum layer part size: 10 MB" is what InitiateLayerUpload answers as `partSize` to clients. */
export const layerPartBytesAdvised = 10_485_760;
/** "Minimum layer part size: 5 MB"; the last one may be smaller. */
export const layerPartBytesMin = 5_242_880;
/** Of one blob (Lambda quotas: "Container image code package size: 10 GB (maximum uncompressed image size, including all layers)"). */
export const blobBytesMax = 10_737_418_240;
/** API reference, PutImage: imageManifest, "Maximum length of 4194304". */
export const manifestBytesMax = 4_194_304;
/** "Layers per image manifest: 4,200" (ours is lower: a row keeps them); also of images in an index. */
export const manifestReferencesMax = 1_000;
/** "Tags per image: 1,000". */
export const tagsPerImageMax = 1_000;
/** "Images per repository: 100,000". */
export const imagesPerRepositoryMax = 100_000;
/** "Registered repositories: 100,000". */
export const repositoriesMax = 100_000;
/** API reference, GetAuthorizationToken: "valid for 12 hours". */
export const tokenMs = 12 * 3_600_000;
/** How long a link of GetDownloadUrlForLayer is valid (API reference: presigned; ours as long as clients take at most). */
export const downloadMs = 3_600_000;
/** An upload that nobody went on with for so long is forgotten (API reference, UploadNotFoundException: "or expired"). */
export const uploadIdleMs = 24 * 3_600_000;
/** API reference, CreateRepository: "A repository can have a maximum of 50 tags". */
export const resourceTagsMax = 50;
/** User guide, "Lifecycle policy": "Rules per lifecycle policy: 50"; the text has 100 to 30,720 characters. */
export const lifecycleRulesMax = 50;
/** "The service evaluates policies within 24 hours": here every hour of product time. */
export const lifecycleEveryMs = 3_600_000;
/** API reference, maxResults of the lists. */
export const pageDefault = 100;
/** API reference, SetRepositoryPolicy: policyText, maximum length. */
export const policyCharsMax = 10_240;
/** Rows that a scan reads at once (ours). */
export const scanRows = 500;
/** Parts of one upload (ours): 10 GB in parts of 10 MB. */
export const uploadPartsMax = 10_000;
