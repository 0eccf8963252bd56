// The walk that every client takes, through the AWS SDK for Java v2. Prints one JSON object: step -> {"ok": result},
// {"error": …} or {"crash": …}; the test judges them.

import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Function;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.waiters.WaiterOverrideConfiguration;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.retries.api.BackoffStrategy;
import software.amazon.awssdk.services.cloudwatchlogs.CloudWatchLogsClient;
import software.amazon.awssdk.services.cloudwatchlogs.model.FilteredLogEvent;
import software.amazon.awssdk.services.cloudwatchlogs.model.LogGroup;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.iam.IamClient;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.lambda.model.CreateFunctionResponse;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.InvokeResponse;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.MessageAttributeValue;
import software.amazon.awssdk.services.sts.StsClient;
import software.amazon.awssdk.services.sts.model.Credentials;

public final class Walk {
  private static final List<String> NAMES = List.of("walk-python", "walk-node", "walk-shell");
  private static final Map<String, Object> results = new LinkedHashMap<>();

  private final String endpoint;
  private final AwsCredentials root = AwsBasicCredentials.create("test", "test");
  private final LambdaClient lambda;
  private final IamClient iam;
  private final StsClient sts;
  private final CloudWatchLogsClient logs;

  private Walk(String endpoint) {
    this.endpoint = endpoint;
    lambda = configure(LambdaClient.builder(), root).build();
    iam = configure(IamClient.builder(), root).build();
    sts = configure(StsClient.builder(), root).build();
    logs = configure(CloudWatchLogsClient.builder(), root).build();
  }

  public static void main(String[] args) throws Exception {
    Walk walk = new Walk(args[0]);
    walk.identity();
    walk.functions(List.of(args).subList(1, 5));
    walk.output();
    walk.queues();
    walk.refusals();
    step("lambda delete-function", () -> {
      NAMES.forEach(name -> walk.lambda.deleteFunction(request -> request.functionName(name)));
      return walk.lambda.listFunctions().functions().stream().map(FunctionConfiguration::functionName).toList();
    });
    System.out.println(json(Map.of("results", results)));
  }

  private <B extends AwsClientBuilder<B, ?>> B configure(B builder, AwsCredentials keys) {
    return builder.endpointOverride(URI.create(endpoint)).region(Region.US_EAST_1).credentialsProvider(StaticCredentialsProvider.create(keys));
  }

  private void identity() {
    step("sts get-caller-identity", () -> {
      var identity = sts.getCallerIdentity();
      return Map.of("Account", identity.account(), "Arn", identity.arn());
    });
    String trust = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"lambda.amazonaws.com\"},\"Action\":\"sts:AssumeRole\"}]}";
    step("iam create-role", () -> {
      var role = iam.createRole(request -> request.roleName("walk-role").assumeRolePolicyDocument(trust)).role();
      String document = URLDecoder.decode(role.assumeRolePolicyDocument(), StandardCharsets.UTF_8);
      return Map.of("Arn", role.arn(), "AssumeRolePolicyDocument", new Raw(document));
    });
    step("iam get-role", () -> Map.of("RoleId", iam.getRole(request -> request.roleName("walk-role")).role().roleId()));
    step("iam attach-role-policy", () -> {
      iam.attachRolePolicy(request -> request.roleName("walk-role").policyArn("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"));
      return iam.listAttachedRolePolicies(request -> request.roleName("walk-role")).attachedPolicies().stream()
          .map(policy -> Map.of("PolicyName", policy.policyName(), "PolicyArn", policy.policyArn())).toList();
    });
    step("sts assume-role", this::assumeRole);
  }

  private Object assumeRole() {
    String people = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"000000000000\"},\"Action\":\"sts:AssumeRole\"}]}";
    String arn = iam.createRole(request -> request.roleName("walk-people").assumeRolePolicyDocument(people)).role().arn();
    Credentials given = sts.assumeRole(request -> request.roleArn(arn).roleSessionName("walker")).credentials();
    AwsCredentials session = AwsSessionCredentials.create(given.accessKeyId(), given.secretAccessKey(), given.sessionToken());
    Object refusal = null;
    try {
      configure(LambdaClient.builder(), session).build().listFunctions();
    } catch (AwsServiceException error) {
      refusal = describe(error);
    }
    return Map.of("arn", configure(StsClient.builder(), session).build().getCallerIdentity().arn(), "refusal", refusal);
  }

  private void functions(List<String> zips) {
    create("python3.12", "walk-python", "app.handler", zips.get(0));
    create("nodejs22.x", "walk-node", "index.handler", zips.get(1));
    create("provided.al2023", "walk-shell", "bootstrap", zips.get(2));
    step("lambda wait function-active-v2", () -> {
      NAMES.forEach(name -> lambda.waiter().waitUntilFunctionActiveV2(request -> request.functionName(name), Walk::quickly));
      return true;
    });
    step("lambda invoke", () -> invokeEach(name -> "{\"from\":\"" + name + "\"}", null));
    step("lambda invoke --log-type Tail", () -> invokeEach(name -> "{\"from\":\"tail\"}", "Tail"));
    step("lambda invoke, function error", () -> invokeEach(name -> "{\"fail\":true}", null));
    step("lambda get-function", () -> {
      String state = lambda.getFunction(request -> request.functionName("walk-python")).configuration().stateAsString();
      return Map.of("Configuration", Map.of("State", state));
    });
    step("lambda list-functions", () ->
        lambda.listFunctionsPaginator(request -> request.maxItems(1)).functions().stream().map(FunctionConfiguration::functionName).sorted().toList());
    step("lambda update-function-configuration", () -> {
      Map<String, Object> answers = new LinkedHashMap<>();
      for (String name : NAMES) {
        lambda.updateFunctionConfiguration(request -> request.functionName(name).memorySize(256).timeout(10)
            .environment(environment -> environment.variables(Map.of("GREETING", "hello"))));
        waitUpdated(name);
        answers.put(name, new Raw(invoke(name, "{}", null).payload().asUtf8String()));
      }
      return answers;
    });
    step("lambda update-function-code", () -> {
      SdkBytes changed = bytes(zips.get(3));
      lambda.updateFunctionCode(request -> request.functionName("walk-node").zipFile(changed));
      waitUpdated("walk-node");
      return new Raw(invoke("walk-node", "{}", null).payload().asUtf8String());
    });
  }

  private void create(String runtime, String name, String handler, String zip) {
    step("lambda create-function (" + runtime + ")", () -> {
      SdkBytes code = bytes(zip);
      CreateFunctionResponse made = lambda.createFunction(request -> request.functionName(name).runtime(runtime)
          .role("arn:aws:iam::000000000000:role/walk-role").handler(handler).code(source -> source.zipFile(code)));
      return Map.of("MemorySize", made.memorySize(), "Timeout", made.timeout(), "Version", made.version(), "PackageType", made.packageTypeAsString());
    });
  }

  private void waitUpdated(String name) {
    lambda.waiter().waitUntilFunctionUpdatedV2(request -> request.functionName(name), Walk::quickly);
  }

  private static void quickly(WaiterOverrideConfiguration.Builder waiting) {
    waiting.backoffStrategyV2(BackoffStrategy.fixedDelay(Duration.ofMillis(200))).maxAttempts(100);
  }

  private InvokeResponse invoke(String name, String event, String logType) {
    return lambda.invoke(request -> request.functionName(name).payload(SdkBytes.fromUtf8String(event)).logType(logType));
  }

  private Object invokeEach(Function<String, String> event, String logType) {
    Map<String, Object> answers = new LinkedHashMap<>();
    for (String name : NAMES) {
      InvokeResponse answer = invoke(name, event.apply(name), logType);
      Map<String, Object> seen = new LinkedHashMap<>();
      seen.put("payload", new Raw(answer.payload().asUtf8String()));
      seen.put("StatusCode", answer.statusCode());
      seen.put("FunctionError", answer.functionError());
      seen.put("ExecutedVersion", answer.executedVersion());
      seen.put("LogResult", answer.logResult());
      answers.put(name, seen);
    }
    return answers;
  }

  private void output() {
    step("logs describe-log-groups", () -> logs.describeLogGroups(request -> request.logGroupNamePrefix("/aws/lambda/walk-")).logGroups().stream()
        .map(LogGroup::logGroupName).sorted().toList());
    step("logs filter-log-events", () -> {
      long deadline = System.nanoTime() + Duration.ofSeconds(10).toNanos();
      while (true) { // function output may lag behind the answer by a tenth of a second
        List<String> messages = logs.filterLogEventsPaginator(request -> request.logGroupName("/aws/lambda/walk-python").filterPattern("\"walk-hello got\""))
            .events().stream().map(FilteredLogEvent::message).toList();
        if (messages.size() >= 4 || System.nanoTime() > deadline) return messages;
        Thread.sleep(200);
      }
    });
  }

  private void queues() {
    SqsClient queues = configure(SqsClient.builder(), root).build();
    String[] known = new String[2];
    step("sqs create-queue", () -> {
      known[0] = queues.createQueue(request -> request.queueName("walk-queue").attributesWithStrings(Map.of("VisibilityTimeout", "60")).tags(Map.of("walk", "yes"))).queueUrl();
      return known[0];
    });
    step("sqs send-message", () -> queues.sendMessage(request -> request.queueUrl(known[0]).messageBody("하늘 & <sky>")
        .messageAttributes(Map.of("city", MessageAttributeValue.builder().dataType("String").stringValue("서울").build()))).md5OfMessageBody());
    step("sqs receive-message", () -> {
      var message = queues.receiveMessage(request -> request.queueUrl(known[0]).waitTimeSeconds(5).messageAttributeNames("All")
          .messageSystemAttributeNamesWithStrings("All")).messages().get(0);
      known[1] = message.receiptHandle();
      return List.of(message.body(), message.messageAttributes().get("city").stringValue(), message.attributesAsStrings().get("ApproximateReceiveCount"));
    });
    step("sqs delete-message", () -> {
      queues.deleteMessage(request -> request.queueUrl(known[0]).receiptHandle(known[1]));
      List<String> names = List.of("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible");
      Map<String, String> told = queues.getQueueAttributes(request -> request.queueUrl(known[0]).attributeNamesWithStrings(names)).attributesAsStrings();
      return names.stream().map(told::get).toList();
    });
    step("error: no such queue", () -> queues.getQueueUrl(request -> request.queueName("absent")).toString());
  }

  private void refusals() {
    step("error: no such function", () -> lambda.getFunction(request -> request.functionName("absent")).toString());
    step("error: invalid parameter", () -> lambda.updateFunctionConfiguration(request -> request.functionName("walk-python").timeout(901)).toString());
    step("error: no such role", () -> iam.getRole(request -> request.roleName("absent")).toString());
    step("not implemented: dynamodb (json)", () -> configure(DynamoDbClient.builder(), root).build().listTables().toString());
    step("not implemented: an operation of iam (query)", () -> iam.generateOrganizationsAccessReport(request -> request.entityPath("o-a1b2c3d4e5/r-f6g7")).toString());
  }

  private static void step(String name, Callable<Object> run) {
    try {
      results.put(name, Collections.singletonMap("ok", run.call()));
    } catch (AwsServiceException error) {
      results.put(name, Map.of("error", describe(error)));
    } catch (Exception error) {
      results.put(name, Map.of("crash", String.valueOf(error)));
    }
  }

  private static Map<String, Object> describe(AwsServiceException error) {
    Map<String, Object> refusal = new LinkedHashMap<>();
    refusal.put("class", error.getClass().getSimpleName());
    refusal.put("code", error.awsErrorDetails().errorCode());
    refusal.put("message", error.awsErrorDetails().errorMessage());
    refusal.put("status", error.statusCode());
    refusal.put("requestId", error.requestId());
    return refusal;
  }

  private static SdkBytes bytes(String path) throws Exception {
    return SdkBytes.fromByteArray(Files.readAllBytes(Path.of(path)));
  }

  /** Text that is JSON already. */
  private record Raw(String text) {}

  private static String json(Object value) {
    if (value == null || value instanceof Number || value instanceof Boolean) return String.valueOf(value);
    if (value instanceof Raw raw) return raw.text();
    List<String> parts = new ArrayList<>();
    if (value instanceof Map<?, ?> map) {
      map.forEach((key, item) -> parts.add(json(String.valueOf(key)) + ":" + json(item)));
      return "{" + String.join(",", parts) + "}";
    }
    if (value instanceof List<?> list) {
      list.forEach(item -> parts.add(json(item)));
      return "[" + String.join(",", parts) + "]";
    }
    StringBuilder text = new StringBuilder("\"");
    for (char c : String.valueOf(value).toCharArray()) text.append(c < ' ' || c == '"' || c == '\\' ? String.format("\\u%04x", (int) c) : c);
    return text.append('"').toString();
  }
}
