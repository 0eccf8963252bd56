// Codes and texts: API reference, LookupEvents, and what the service answers.
import { ServiceError } from '../../base/errors.ts';

export const invalidLookupAttributes = (message: string): ServiceError => new ServiceError('InvalidLookupAttributesException', message, { status: 400 });
export const invalidTimeRange = (): ServiceError => new ServiceError('InvalidTimeRangeException', 'EndTime must be greater than StartTime.', { status: 400 });
export const invalidNextToken = (): ServiceError => new ServiceError('InvalidNextTokenException', 'Invalid token, or the parameters differ from those of the request that made it.', { status: 400 });
