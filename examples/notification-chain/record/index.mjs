// Called by the topic for each new object: tells its size and name.
export const handler = async ({ Records }) => {
  for (const { Sns } of Records) for (const { s3 } of JSON.parse(Sns.Message).Records) console.log(`STORED ${s3.object.key} ${s3.object.size}`);
};
