// The walk through S3 with the AWS SDK for Java v2 and its transfer manager. Prints one JSON object: step -> {"ok": result},
// {"error": …} or {"crash": …}; the test judges them.

import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3Configuration;
import software.amazon.awssdk.services.s3.model.Bucket;
import software.amazon.awssdk.services.s3.model.CommonPrefix;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.ObjectIdentifier;
import software.amazon.awssdk.services.s3.model.S3Object;
import software.amazon.awssdk.services.s3.presigner.S3Presigner;
import software.amazon.awssdk.transfer.s3.S3TransferManager;

public final class S3Walk {
  private static final String TEXT = "하늘 & <sky>";
  private static final String BUCKET = "walk";
  private static final long PART = 5 << 20;
  private static final Map<String, Object> results = new LinkedHashMap<>();

  private final URI endpoint;
  private final Path folder;
  private final List<String> oddKeys;
  private final StaticCredentialsProvider root = StaticCredentialsProvider.create(AwsBasicCredentials.create("test", "test"));
  private final S3Client s3;

  private S3Walk(String endpoint, String folder) throws Exception {
    this.endpoint = URI.create(endpoint);
    this.folder = Path.of(folder);
    oddKeys = Arrays.asList(Files.readString(this.folder.resolve("keys.txt")).split("\n"));
    s3 = S3Client.builder().endpointOverride(this.endpoint).region(Region.US_EAST_1).credentialsProvider(root).forcePathStyle(true)
        .httpClientBuilder(UrlConnectionHttpClient.builder()).build();
  }

  public static void main(String[] args) throws Exception {
    S3Walk walk = new S3Walk(args[0], args[1]);
    walk.small();
    walk.lists();
    walk.large();
    walk.copies();
    walk.presigned();
    walk.refusals();
    walk.end();
    System.out.println("{\"results\":" + json(results) + "}");
    System.exit(0); // the threads of asynchronous clients would keep it
  }

  private void small() {
    step("make a bucket", () -> {
      s3.createBucket(request -> request.bucket(BUCKET));
      return buckets();
    });
    step("put and get", () -> {
      s3.putObject(request -> request.bucket(BUCKET).key("text").contentType("text/plain; charset=utf-8").metadata(Map.of("city", "seoul")), RequestBody.fromString(TEXT));
      return read("text");
    });
    step("metadata and type of an object", () -> {
      HeadObjectResponse head = s3.headObject(request -> request.bucket(BUCKET).key("text"));
      return List.of(head.contentType(), head.metadata().get("city"), head.contentLength());
    });
    step("keys of every kind", () -> {
      List<String> bodies = new ArrayList<>();
      for (String key : oddKeys) {
        put(key, key);
        bodies.add(read(key));
      }
      return Map.of("listed", keysUnder("odd/", 1000), "bodies", bodies);
    });
  }

  private void lists() {
    step("list, folded", () -> {
      for (String key : List.of("fold/a/1", "fold/a/2", "fold/b/1", "fold/c")) put(key, "x");
      ListObjectsV2Response seen = s3.listObjectsV2(request -> request.bucket(BUCKET).prefix("fold/").delimiter("/"));
      return Map.of("prefixes", seen.commonPrefixes().stream().map(CommonPrefix::prefix).toList(), "keys", seen.contents().stream().map(S3Object::key).toList());
    });
    step("list, page by page", () -> {
      for (int number = 0; number < 25; number += 1) put(String.format("pages/%02d", number), "x");
      return keysUnder("pages/", 7);
    });
  }

  private void large() {
    S3AsyncClient parts = S3AsyncClient.builder().endpointOverride(endpoint).region(Region.US_EAST_1).credentialsProvider(root).forcePathStyle(true)
        .multipartEnabled(true).multipartConfiguration(how -> how.minimumPartSizeInBytes(PART).thresholdInBytes(PART)).build();
    S3TransferManager transfers = S3TransferManager.builder().s3Client(parts).build();
    step("upload in parts", () -> {
      transfers.uploadFile(upload -> upload.source(folder.resolve("big.bin")).putObjectRequest(request -> request.bucket(BUCKET).key("big"))).completionFuture().join();
      return sizeAndTag("big");
    });
    step("download in parts", () -> {
      Path into = folder.resolve("again.bin");
      transfers.downloadFile(download -> download.destination(into).getObjectRequest(request -> request.bucket(BUCKET).key("big"))).completionFuture().join();
      return HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(Files.readAllBytes(into)));
    });
  }

  private void copies() {
    step("copy", () -> {
      s3.copyObject(request -> request.sourceBucket(BUCKET).sourceKey(oddKeys.get(0)).destinationBucket(BUCKET).destinationKey("copied"));
      return read("copied");
    });
    step("copy in parts", () -> {
      String id = s3.createMultipartUpload(request -> request.bucket(BUCKET).key("big copy")).uploadId();
      List<CompletedPart> done = new ArrayList<>();
      for (String span : List.of("bytes=0-5242879", "bytes=5242880-10485759", "bytes=10485760-12582911")) {
        int number = done.size() + 1;
        String tag = s3.uploadPartCopy(request -> request.sourceBucket(BUCKET).sourceKey("big").copySourceRange(span).destinationBucket(BUCKET).destinationKey("big copy")
            .uploadId(id).partNumber(number)).copyPartResult().eTag();
        done.add(CompletedPart.builder().partNumber(number).eTag(tag).build());
      }
      s3.completeMultipartUpload(request -> request.bucket(BUCKET).key("big copy").uploadId(id).multipartUpload(upload -> upload.parts(done)));
      return sizeAndTag("big copy");
    });
  }

  private void presigned() {
    S3Presigner signer = S3Presigner.builder().endpointOverride(endpoint).region(Region.US_EAST_1).credentialsProvider(root)
        .serviceConfiguration(S3Configuration.builder().pathStyleAccessEnabled(true).build()).build();
    step("presigned download", () -> fetch("GET", signer.presignGetObject(sign -> sign.signatureDuration(Duration.ofMinutes(1))
        .getObjectRequest(request -> request.bucket(BUCKET).key(oddKeys.get(0)))).url(), null));
    step("presigned upload", () -> {
      fetch("PUT", signer.presignPutObject(sign -> sign.signatureDuration(Duration.ofMinutes(1)).putObjectRequest(request -> request.bucket(BUCKET).key("by url"))).url(), TEXT);
      return read("by url");
    });
  }

  private void refusals() {
    step("put if there is none", () -> {
      for (String body : List.of("first", "second")) s3.putObject(request -> request.bucket(BUCKET).key("once").ifNoneMatch("*"), RequestBody.fromString(body));
      return true;
    });
    step("error: no such key", () -> read("absent"));
    step("error: no such bucket", () -> s3.listObjectsV2(request -> request.bucket("walk-absent")).toString());
    step("error: wrong digest", () -> s3.putObject(request -> request.bucket(BUCKET).key("wrong").contentMD5("1B2M2Y8AsgTpgAmY7PhCfg=="), RequestBody.fromString("x")).toString());
  }

  private void end() {
    step("delete many", () -> {
      deleteUnder("pages/");
      deleteUnder("odd/");
      return keysUnder("pages/", 1000).size() + keysUnder("odd/", 1000).size();
    });
    step("remove the bucket", () -> {
      deleteUnder("");
      s3.deleteBucket(request -> request.bucket(BUCKET));
      return buckets();
    });
  }

  private List<String> buckets() {
    return s3.listBuckets().buckets().stream().map(Bucket::name).toList();
  }

  private void put(String key, String body) {
    s3.putObject(request -> request.bucket(BUCKET).key(key), RequestBody.fromString(body));
  }

  private String read(String key) {
    return s3.getObjectAsBytes(request -> request.bucket(BUCKET).key(key)).asUtf8String();
  }

  private List<Object> sizeAndTag(String key) {
    HeadObjectResponse head = s3.headObject(request -> request.bucket(BUCKET).key(key));
    return List.of(head.contentLength(), head.eTag());
  }

  private List<String> keysUnder(String prefix, int size) {
    return s3.listObjectsV2Paginator(request -> request.bucket(BUCKET).prefix(prefix).maxKeys(size)).contents().stream().map(S3Object::key).toList();
  }

  private void deleteUnder(String prefix) {
    List<ObjectIdentifier> gone = keysUnder(prefix, 1000).stream().map(key -> ObjectIdentifier.builder().key(key).build()).toList();
    s3.deleteObjects(request -> request.bucket(BUCKET).delete(these -> these.objects(gone)));
  }

  private static String fetch(String method, URL url, String body) throws Exception {
    HttpURLConnection connection = (HttpURLConnection) url.openConnection();
    connection.setRequestMethod(method);
    if (body != null) {
      connection.setDoOutput(true);
      // Left alone, Java would call it a form.
      connection.setRequestProperty("Content-Type", "application/octet-stream");
      connection.getOutputStream().write(body.getBytes(StandardCharsets.UTF_8));
    }
    try (InputStream answer = connection.getInputStream()) {
      return new String(answer.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static void step(String name, Callable<Object> run) {
    try {
      results.put(name, Collections.singletonMap("ok", run.call()));
    } catch (AwsServiceException error) {
      Map<String, Object> refusal = new LinkedHashMap<>();
      refusal.put("code", error.awsErrorDetails().errorCode());
      refusal.put("status", error.statusCode());
      refusal.put("requestId", error.requestId());
      results.put(name, Map.of("error", refusal));
    } catch (CompletionException error) {
      results.put(name, Map.of("crash", String.valueOf(error.getCause())));
    } catch (Exception error) {
      results.put(name, Map.of("crash", String.valueOf(error)));
    }
  }

  private static String json(Object value) {
    if (value == null || value instanceof Number || value instanceof Boolean) return String.valueOf(value);
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
