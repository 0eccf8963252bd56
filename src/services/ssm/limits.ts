// Quotas: https://docs.aws.amazon.com/general/latest/gr/ssm.html, "Parameter Store", unless another source is named.

/** "Maximum size of a parameter value": 4 KB in the standard tier, 8 KB in the advanced one. */
export const standardValueBytesMax = 4_096;
export const advancedValueBytesMax = 8_192;
/** "Total number of parameters allowed (per AWS account and Region)", by tier. */
export const standardParametersMax = 10_000;
export const advancedParametersMax = 100_000;
/** "Max history for a parameter: 100 past values". */
export const versionsMax = 100;
/** User guide, "Working with parameter labels": "A version of a parameter can have a maximum of 10 labels." */
export const labelsMax = 10;
/** API reference, PutParameter: Name, "The maximum length constraint … is 1011 characters" with the ARN in front of it. */
export const nameCharsMax = 1_011;
/** API reference, PutParameter: Name, "a maximum depth of 15 levels". */
export const nameLevelsMax = 15;
/** API reference, AddTagsToResource: "Each resource can have a maximum of 50 tags." */
export const tagsMax = 50;
/** User guide, "Assigning parameter policies": ten policies a parameter. */
export const policiesMax = 10;
/** API reference, DescribeParameters and GetParameterHistory: MaxResults. */
export const pageItemsMax = 50;
/** API reference, GetParametersByPath: MaxResults. */
export const pathItemsMax = 10;
/** What the description, pattern, policies and tags of a parameter take together (ours: a row of the store). AWS counts them in characters, by themselves. */
export const parameterTextBytesMax = 64 * 1_024;
/** Rows that one request with filters looks at (ours): then a page may be short and have a token, as AWS documents it. */
export const scanRowsMax = 1_000;
/** What matching a value against AllowedPattern may take (ours): the expression is the user's. */
export const patternMsMax = 50;
/** Resource policies of a parameter (ours: one; AWS documents no number). */
export const resourcePoliciesMax = 1;
