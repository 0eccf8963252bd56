// The walk through S3 with the AWS SDK for Go v2 and its manager. Prints one JSON object: step -> {"ok": result}, {"error": …} or
// {"crash": …}; the test judges them.
package main

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/s3/manager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
)

type object = map[string]any

var ctx = context.Background()
var results = object{}
var bucket = aws.String("walk")
var client *s3.Client

const text = "하늘 & <sky>"
const partSize = 5 << 20

func main() {
	endpoint, folder := os.Args[1], os.Args[2]
	client = s3.NewFromConfig(aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(endpoint), Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	}, func(options *s3.Options) { options.UsePathStyle = true })
	list, err := os.ReadFile(filepath.Join(folder, "keys.txt"))
	if err != nil {
		panic(err)
	}
	oddKeys := strings.Split(string(list), "\n")
	small(oddKeys)
	large(filepath.Join(folder, "big.bin"))
	copies(oddKeys[0])
	presigned(oddKeys[0])
	refusals()
	step("delete many", func() (any, error) { return deleteMany("pages/", "odd/") })
	step("remove the bucket", func() (any, error) {
		if _, err := deleteMany(""); err != nil {
			return nil, err
		}
		if _, err := client.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: bucket}); err != nil {
			return nil, err
		}
		return buckets()
	})
	json.NewEncoder(os.Stdout).Encode(object{"results": results})
}

func small(oddKeys []string) {
	step("make a bucket", func() (any, error) {
		if _, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: bucket}); err != nil {
			return nil, err
		}
		return buckets()
	})
	step("put and get", func() (any, error) {
		_, err := client.PutObject(ctx, &s3.PutObjectInput{
			Bucket: bucket, Key: aws.String("text"), Body: strings.NewReader(text), ContentType: aws.String("text/plain; charset=utf-8"), Metadata: map[string]string{"city": "seoul"},
		})
		if err != nil {
			return nil, err
		}
		return read("text")
	})
	step("metadata and type of an object", func() (any, error) {
		head, err := client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: aws.String("text")})
		if err != nil {
			return nil, err
		}
		return []any{*head.ContentType, head.Metadata["city"], *head.ContentLength}, nil
	})
	step("keys of every kind", func() (any, error) {
		bodies := []string{}
		for _, key := range oddKeys {
			if err := put(key, key); err != nil {
				return nil, err
			}
			body, err := read(key)
			if err != nil {
				return nil, err
			}
			bodies = append(bodies, body)
		}
		listed, err := keysUnder("odd/", 1000)
		return object{"listed": listed, "bodies": bodies}, err
	})
	step("list, folded", func() (any, error) {
		for _, key := range []string{"fold/a/1", "fold/a/2", "fold/b/1", "fold/c"} {
			if err := put(key, "x"); err != nil {
				return nil, err
			}
		}
		seen, err := client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: bucket, Prefix: aws.String("fold/"), Delimiter: aws.String("/")})
		if err != nil {
			return nil, err
		}
		prefixes, keys := []string{}, []string{}
		for _, item := range seen.CommonPrefixes {
			prefixes = append(prefixes, *item.Prefix)
		}
		for _, item := range seen.Contents {
			keys = append(keys, *item.Key)
		}
		return object{"prefixes": prefixes, "keys": keys}, nil
	})
	step("list, page by page", func() (any, error) {
		for number := 0; number < 25; number++ {
			if err := put("pages/"+string([]byte{'0' + byte(number/10), '0' + byte(number%10)}), "x"); err != nil {
				return nil, err
			}
		}
		return keysUnder("pages/", 7)
	})
}

func large(path string) {
	step("upload in parts", func() (any, error) {
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		uploader := manager.NewUploader(client, func(uploader *manager.Uploader) { uploader.PartSize = partSize })
		if _, err := uploader.Upload(ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("big"), Body: file}); err != nil {
			return nil, err
		}
		return sizeAndTag("big")
	})
	step("download in parts", func() (any, error) {
		into := manager.NewWriteAtBuffer(nil)
		downloader := manager.NewDownloader(client, func(downloader *manager.Downloader) { downloader.PartSize = partSize })
		if _, err := downloader.Download(ctx, into, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("big")}); err != nil {
			return nil, err
		}
		sum := md5.Sum(into.Bytes())
		return hex.EncodeToString(sum[:]), nil
	})
}

func copies(key string) {
	step("copy", func() (any, error) {
		source := aws.String(*bucket + "/" + url.QueryEscape(key))
		if _, err := client.CopyObject(ctx, &s3.CopyObjectInput{Bucket: bucket, Key: aws.String("copied"), CopySource: source}); err != nil {
			return nil, err
		}
		return read("copied")
	})
	step("copy in parts", func() (any, error) {
		target := aws.String("big copy")
		begun, err := client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: bucket, Key: target})
		if err != nil {
			return nil, err
		}
		done := types.CompletedMultipartUpload{}
		for number, span := range []string{"bytes=0-5242879", "bytes=5242880-10485759", "bytes=10485760-12582911"} {
			at := aws.Int32(int32(number + 1))
			part, err := client.UploadPartCopy(ctx, &s3.UploadPartCopyInput{
				Bucket: bucket, Key: target, UploadId: begun.UploadId, PartNumber: at, CopySource: aws.String("walk/big"), CopySourceRange: aws.String(span),
			})
			if err != nil {
				return nil, err
			}
			done.Parts = append(done.Parts, types.CompletedPart{ETag: part.CopyPartResult.ETag, PartNumber: at})
		}
		if _, err := client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: bucket, Key: target, UploadId: begun.UploadId, MultipartUpload: &done}); err != nil {
			return nil, err
		}
		return sizeAndTag(*target)
	})
}

func presigned(key string) {
	signer := s3.NewPresignClient(client, s3.WithPresignExpires(time.Minute))
	step("presigned download", func() (any, error) {
		signed, err := signer.PresignGetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String(key)})
		if err != nil {
			return nil, err
		}
		return fetch(signed.Method, signed.URL, "")
	})
	step("presigned upload", func() (any, error) {
		signed, err := signer.PresignPutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("by url")})
		if err != nil {
			return nil, err
		}
		if _, err := fetch(signed.Method, signed.URL, text); err != nil {
			return nil, err
		}
		return read("by url")
	})
}

func refusals() {
	step("put if there is none", func() (any, error) {
		for _, body := range []string{"first", "second"} {
			_, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("once"), Body: strings.NewReader(body), IfNoneMatch: aws.String("*")})
			if err != nil {
				return nil, err
			}
		}
		return nil, nil
	})
	step("error: no such key", func() (any, error) { return read("absent") })
	step("error: no such bucket", func() (any, error) {
		return client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String("walk-absent")})
	})
	step("error: wrong digest", func() (any, error) {
		return client.PutObject(ctx, &s3.PutObjectInput{
			Bucket: bucket, Key: aws.String("wrong"), Body: strings.NewReader("x"), ContentMD5: aws.String("1B2M2Y8AsgTpgAmY7PhCfg=="),
		})
	})
}

func step(name string, run func() (any, error)) {
	value, err := run()
	var api smithy.APIError
	var response *awshttp.ResponseError
	if err == nil {
		results[name] = object{"ok": value}
	} else if errors.As(err, &api) && errors.As(err, &response) {
		results[name] = object{"error": object{"code": api.ErrorCode(), "status": response.HTTPStatusCode(), "requestId": response.ServiceRequestID()}}
	} else {
		results[name] = object{"crash": err.Error()}
	}
}

func buckets() (any, error) {
	seen, err := client.ListBuckets(ctx, &s3.ListBucketsInput{})
	if err != nil {
		return nil, err
	}
	names := []string{}
	for _, item := range seen.Buckets {
		names = append(names, *item.Name)
	}
	return names, nil
}

func put(key string, body string) error {
	_, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String(key), Body: strings.NewReader(body)})
	return err
}

func read(key string) (string, error) {
	answer, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String(key)})
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return string(body), err
}

func sizeAndTag(key string) (any, error) {
	head, err := client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: aws.String(key)})
	if err != nil {
		return nil, err
	}
	return []any{*head.ContentLength, *head.ETag}, nil
}

func keysUnder(prefix string, size int32) ([]string, error) {
	keys := []string{}
	pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: bucket, Prefix: aws.String(prefix), MaxKeys: aws.Int32(size)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, item := range page.Contents {
			keys = append(keys, *item.Key)
		}
	}
	return keys, nil
}

func deleteMany(prefixes ...string) (any, error) {
	left := 0
	for _, prefix := range prefixes {
		keys, err := keysUnder(prefix, 1000)
		if err != nil {
			return nil, err
		}
		gone := types.Delete{}
		for _, key := range keys {
			gone.Objects = append(gone.Objects, types.ObjectIdentifier{Key: aws.String(key)})
		}
		if _, err := client.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: bucket, Delete: &gone}); err != nil {
			return nil, err
		}
		still, err := keysUnder(prefix, 1000)
		if err != nil {
			return nil, err
		}
		left += len(still)
	}
	return left, nil
}

func fetch(method string, address string, body string) (string, error) {
	request, err := http.NewRequest(method, address, bytes.NewReader([]byte(body)))
	if err != nil {
		return "", err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	read, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = errors.New(answer.Status + string(read))
	}
	return string(read), err
}
