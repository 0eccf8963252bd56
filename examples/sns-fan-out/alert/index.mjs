export const handler = async ({ Records }) => {
  for (const { Sns } of Records) console.log('ALERT', Sns.Subject, Sns.Message);
};
