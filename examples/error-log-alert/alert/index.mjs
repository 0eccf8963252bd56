import { gunzipSync } from 'node:zlib';

// What a subscription filter sends: packed JSON in base64.
export const handler = async ({ awslogs }) => {
  const { logGroup, logEvents } = JSON.parse(gunzipSync(Buffer.from(awslogs.data, 'base64')).toString());
  for (const { message } of logEvents) console.log(`ALERT from ${logGroup}: ${message.split('ERROR ').at(-1).trim()}`);
};
