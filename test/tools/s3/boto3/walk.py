"""The walk through S3 with boto3. Prints one JSON object: step -> {"ok": result} or {"error": …}; the test judges them."""
import hashlib
import io
import json
import os
import sys
import urllib.request

import boto3
import botocore.config
import botocore.exceptions
from boto3.s3.transfer import TransferConfig

endpoint, folder = sys.argv[1:3]
big = os.path.join(folder, 'big.bin')
with open(os.path.join(folder, 'keys.txt'), encoding='utf-8') as file:
    odd_keys = file.read().split('\n')
results = {}
bucket = 'walk'
text = '하늘 & <sky>'
parts = TransferConfig(multipart_threshold=5 * 2**20, multipart_chunksize=5 * 2**20, max_concurrency=3)


def client(**config):
    config = botocore.config.Config(retries={'max_attempts': 0}, **config)
    keys = {'aws_access_key_id': 'test', 'aws_secret_access_key': 'test'}
    return boto3.client('s3', endpoint_url=endpoint, region_name='us-east-1', config=config, **keys)


# What most of today's boto3 still presigns with is version 2, unless it is told otherwise.
s3 = client(signature_version='s3v4')


def step(name):
    def run(body):
        try:
            results[name] = {'ok': body()}
        except botocore.exceptions.ClientError as error:
            response = error.response
            results[name] = {'error': {
                'code': response['Error'].get('Code'),
                'status': response['ResponseMetadata']['HTTPStatusCode'],
                'requestId': response['ResponseMetadata'].get('RequestId'),
            }}
        except Exception as error:  # a bug of the walk or a protocol error: the test prints it
            results[name] = {'crash': f'{type(error).__name__}: {error}'}
        return body
    return run


def read(key):
    return s3.get_object(Bucket=bucket, Key=key)['Body'].read().decode()


def keys_under(prefix, **paging):
    pages = s3.get_paginator('list_objects_v2').paginate(Bucket=bucket, Prefix=prefix, PaginationConfig=paging)
    return [item['Key'] for page in pages for item in page.get('Contents', [])]


def fetch(url, method='GET', data=None):
    with urllib.request.urlopen(urllib.request.Request(url, method=method, data=data)) as answer:
        return answer.read().decode()


@step('make a bucket')
def _():
    s3.create_bucket(Bucket=bucket)
    return [item['Name'] for item in s3.list_buckets()['Buckets']]


@step('put and get')
def _():
    s3.put_object(Bucket=bucket, Key='text', Body=text.encode(), ContentType='text/plain; charset=utf-8', Metadata={'city': 'seoul'})
    return read('text')


@step('metadata and type of an object')
def _():
    head = s3.head_object(Bucket=bucket, Key='text')
    return [head['ContentType'], head['Metadata']['city'], head['ContentLength']]


@step('keys of every kind')
def _():
    for key in odd_keys:
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    return {'listed': keys_under('odd/'), 'bodies': [read(key) for key in odd_keys]}


@step('list, folded')
def _():
    for key in ('fold/a/1', 'fold/a/2', 'fold/b/1', 'fold/c'):
        s3.put_object(Bucket=bucket, Key=key, Body=b'x')
    seen = s3.list_objects_v2(Bucket=bucket, Prefix='fold/', Delimiter='/')
    return {'prefixes': [item['Prefix'] for item in seen['CommonPrefixes']], 'keys': [item['Key'] for item in seen['Contents']]}


@step('list, page by page')
def _():
    for number in range(25):
        s3.put_object(Bucket=bucket, Key=f'pages/{number:02}', Body=b'x')
    old = s3.get_paginator('list_objects').paginate(Bucket=bucket, Prefix='pages/', PaginationConfig={'PageSize': 7})
    if len([item for page in old for item in page['Contents']]) != 25:
        return 'the first version of the listing'
    return keys_under('pages/', PageSize=7)


@step('upload in parts')
def _():
    s3.upload_file(big, bucket, 'big', Config=parts)
    head = s3.head_object(Bucket=bucket, Key='big')
    return [head['ContentLength'], head['ETag']]


@step('download in parts')
def _():
    into = io.BytesIO()
    s3.download_fileobj(bucket, 'big', into, Config=parts)
    return hashlib.md5(into.getvalue()).hexdigest()


@step('copy')
def _():
    s3.copy_object(Bucket=bucket, Key='copied', CopySource={'Bucket': bucket, 'Key': odd_keys[0]})
    return read('copied')


@step('copy in parts')
def _():
    s3.copy({'Bucket': bucket, 'Key': 'big'}, bucket, 'big copy', Config=parts)
    head = s3.head_object(Bucket=bucket, Key='big copy')
    return [head['ContentLength'], head['ETag']]


@step('presigned download')
def _():
    return fetch(s3.generate_presigned_url('get_object', Params={'Bucket': bucket, 'Key': odd_keys[0]}, ExpiresIn=60))


@step('presigned upload')
def _():
    fetch(s3.generate_presigned_url('put_object', Params={'Bucket': bucket, 'Key': 'by url'}, ExpiresIn=60), 'PUT', text.encode())
    return read('by url')


@step('presigned download, signature version 2')
def _():
    url = client(signature_version='s3').generate_presigned_url('get_object', Params={'Bucket': bucket, 'Key': odd_keys[0]}, ExpiresIn=60)
    return fetch(url) if '&Signature=' in url or '?Signature=' in url else url


@step('put if there is none')
def _():
    # Today's boto3 has a parameter for it; to older ones it is one header more.
    def add(request, **_):
        request.headers['If-None-Match'] = '*'
    careful = client(signature_version='s3v4')
    careful.meta.events.register('before-sign.s3.PutObject', add)
    careful.put_object(Bucket=bucket, Key='once', Body=b'first')
    careful.put_object(Bucket=bucket, Key='once', Body=b'second')


@step('delete many')
def _():
    s3.delete_objects(Bucket=bucket, Delete={'Objects': [{'Key': key} for key in keys_under('pages/') + keys_under('odd/')]})
    return len(keys_under('pages/') + keys_under('odd/'))


step('error: no such key')(lambda: s3.get_object(Bucket=bucket, Key='absent'))
step('error: no such bucket')(lambda: s3.list_objects_v2(Bucket='walk-absent'))
step('error: wrong digest')(lambda: s3.put_object(Bucket=bucket, Key='wrong', Body=b'x', ContentMD5='1B2M2Y8AsgTpgAmY7PhCfg=='))


@step('remove the bucket')
def _():
    for key in keys_under(''):
        s3.delete_object(Bucket=bucket, Key=key)
    s3.delete_bucket(Bucket=bucket)
    return [item['Name'] for item in s3.list_buckets()['Buckets']]


print(json.dumps({'version': boto3.__version__, 'results': results}))
