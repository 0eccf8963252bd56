import io
import os
import urllib.parse

import boto3
from PIL import Image, ImageOps

s3 = boto3.client('s3')


def handler(event, context):
    for record in event['Records']:
        bucket = record['s3']['bucket']['name']
        # Events carry keys as a query string would: a space is '+', everything beyond ASCII is escaped.
        key = urllib.parse.unquote_plus(record['s3']['object']['key'])
        picture = s3.get_object(Bucket=bucket, Key=key)['Body'].read()
        target = os.path.basename(key)
        s3.put_object(Bucket=os.environ['THUMBNAILS'], Key=target, Body=shrink(picture), ContentType='image/jpeg')
        print('made', target, 'of', key)


def shrink(picture):
    """A JPEG of at most 200 by 200 pixels, turned as the camera was."""
    with Image.open(io.BytesIO(picture)) as image:
        small = ImageOps.exif_transpose(image).convert('RGB')
        small.thumbnail((200, 200))
        out = io.BytesIO()
        small.save(out, 'JPEG', quality=80)
        return out.getvalue()
