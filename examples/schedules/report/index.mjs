export const handler = async ({ schedule, at }) => {
  console.log(`RUN ${schedule} ${at}`);
};
