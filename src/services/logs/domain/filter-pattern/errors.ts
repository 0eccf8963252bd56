import { invalidParameter } from '../../errors.ts';
import type { ServiceError } from '../../../../base/errors.ts';

/** The pattern has no sense as a whole: unbalanced, incomplete, too complex. */
export const invalidPattern = (): ServiceError => invalidParameter('Invalid filter pattern');

/** A character stands where the grammar has no place for it: the service names it. */
export const invalidCharacters = (characters: string): ServiceError => invalidParameter(`Invalid character(s) in term '${characters}'`);
