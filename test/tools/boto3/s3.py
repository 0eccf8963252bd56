"""What applications do with S3 through boto3; prints `done`, or fails at the first difference."""
import io
import os
import urllib.request

import boto3
from botocore.exceptions import ClientError

bucket = os.environ['BUCKET']
s3 = boto3.client('s3', endpoint_url=os.environ['ENDPOINT'], aws_access_key_id='test', aws_secret_access_key='test', region_name='us-east-1')
s3.create_bucket(Bucket=bucket)

body = os.urandom(20_000_000)
s3.upload_fileobj(io.BytesIO(body), bucket, 'big')
read = io.BytesIO()
s3.download_fileobj(bucket, 'big', read)
assert read.getvalue() == body
assert s3.head_object(Bucket=bucket, Key='big')['ETag'].endswith('-3"')

keys = ['a b', '+', '%', 'ü/é', 'x&<>"\'', 'tab\there', 'nul\x01x', '\U0001F600']
for key in keys:
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode(), Metadata={'k': 'v'})
    assert s3.get_object(Bucket=bucket, Key=key)['Body'].read() == key.encode()
expected = sorted(keys + ['big'], key=lambda key: key.encode())
assert [entry['Key'] for entry in s3.list_objects_v2(Bucket=bucket)['Contents']] == expected
assert [entry['Key'] for entry in s3.list_objects(Bucket=bucket)['Contents']] == expected
pages = s3.get_paginator('list_objects_v2').paginate(Bucket=bucket, PaginationConfig={'PageSize': 2})
assert [entry['Key'] for page in pages for entry in page['Contents']] == expected
assert [entry['Key'] for entry in s3.list_object_versions(Bucket=bucket)['Versions']] == expected

put = s3.generate_presigned_url('put_object', Params={'Bucket': bucket, 'Key': 'signed'}, ExpiresIn=60)
assert urllib.request.urlopen(urllib.request.Request(put, data=b'put', method='PUT')).status == 200
get = s3.generate_presigned_url('get_object', Params={'Bucket': bucket, 'Key': 'signed'})
assert urllib.request.urlopen(get).read() == b'put'

try:
    s3.get_object(Bucket=bucket, Key='absent')
    raise AssertionError('a missing object was read')
except ClientError as error:
    assert error.response['Error'] == {'Code': 'NoSuchKey', 'Message': 'The specified key does not exist.', 'Key': 'absent'}, error.response

deleted = s3.delete_objects(Bucket=bucket, Delete={'Objects': [{'Key': key} for key in expected + ['signed']]})
assert len(deleted['Deleted']) == 10 and 'Errors' not in deleted, deleted
s3.delete_bucket(Bucket=bucket)
print('done')
