import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import sharp from 'sharp';

const s3 = new S3Client({});

export const handler = async ({ Records }) => {
  for (const { s3: { bucket, object } } of Records) {
    // Events carry keys as a query string would: a space is '+', everything beyond ASCII is escaped.
    const key = decodeURIComponent(object.key.replaceAll('+', ' '));
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket.name, Key: key }));
    const picture = await Body.transformToByteArray();
    const target = key.replace(/^raw\//, 'small/').replace(/\.png$/, '.webp');
    await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: target, Body: await shrink(picture), ContentType: 'image/webp' }));
    console.log('made', target, 'of', key);
  }
};

/** A WebP of at most 200 by 200 pixels, turned as the camera was. */
function shrink(picture) {
  return sharp(picture).rotate().resize(200, 200, { fit: 'inside' }).webp().toBuffer();
}
