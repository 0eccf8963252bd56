/** Every number says where it comes from: for a real service, the page of its quotas. This one is our own. */
export const greetingsMax = 10;
