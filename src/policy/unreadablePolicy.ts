import type { Policy } from './types.ts';

/**
 * What a stored document that cannot be read counts as. Taking it for one that says nothing would drop its denies with its
 * allows, so it denies everything until it is put right.
 */
export const unreadablePolicy: Policy = {
  version: '2012-10-17',
  unreadable: true,
  statements: [
    {
      index: 0,
      sid: undefined,
      effect: 'Deny',
      actions: { negated: true, byService: new Map(), anyService: [] },
      resources: undefined,
      principals: undefined,
      conditions: [],
    },
  ],
};
