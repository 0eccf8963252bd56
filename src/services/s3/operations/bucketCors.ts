import { bucketAccess } from '../access.ts';
import { type CorsRule, corsMethods } from '../domain/cors.ts';
import { absent, errors } from '../errors.ts';
import { corsRulesMax } from '../limits.ts';
import { operation } from '../operation.ts';
import { requireSetting, writeSetting } from '../settings.ts';

const kind = 'cors';

const getBucketCors = operation('GetBucketCors', {
  access: (input, call, deps) => bucketAccess('GetBucketCORS', input, call, deps),
  async handle(input, _call, deps) {
    const { rules } = await requireSetting<{ readonly rules: readonly CorsRule[] }>(deps, input, kind, absent.cors);
    return {
      CORSRules: rules.map((rule) => ({
        ...(rule.id === undefined ? {} : { ID: rule.id }),
        AllowedHeaders: [...rule.headers],
        AllowedMethods: [...rule.methods],
        AllowedOrigins: [...rule.origins],
        ExposeHeaders: [...rule.exposed],
        ...(rule.maxAgeSeconds === undefined ? {} : { MaxAgeSeconds: rule.maxAgeSeconds }),
      })),
    };
  },
});

const putBucketCors = operation('PutBucketCors', {
  access: (input, call, deps) => bucketAccess('PutBucketCORS', input, call, deps),
  async handle(input, _call, deps) {
    const given = input.CORSConfiguration?.CORSRules ?? [];
    if (given.length === 0) throw errors.malformedXml();
    if (given.length > corsRulesMax) throw errors.invalidRequest(`The number of CORS rules should not exceed allowed limit of ${corsRulesMax} rules.`);
    const rules = given.map((rule): CorsRule => {
      const methods = rule.AllowedMethods ?? [];
      const origins = rule.AllowedOrigins ?? [];
      const headers = rule.AllowedHeaders ?? [];
      if (methods.length === 0 || origins.length === 0) throw errors.malformedXml();
      for (const method of methods) if (!corsMethods.has(method)) throw errors.invalidRequest(`Found unsupported HTTP method in CORS config. Unsupported method is ${method}`);
      for (const origin of origins) if (origin.split('*').length > 2) throw errors.invalidRequest(`AllowedOrigin "${origin}" can not have more than one wildcard.`);
      for (const header of headers) if (header.split('*').length > 2) throw errors.invalidRequest(`AllowedHeader "${header}" can not have more than one wildcard.`);
      for (const header of rule.ExposeHeaders ?? []) if (header.includes('*')) throw errors.invalidRequest(`ExposeHeader "${header}" contains wildcard. We currently do not support wildcard for ExposeHeader.`);
      return { id: rule.ID, methods, origins, headers, exposed: rule.ExposeHeaders ?? [], maxAgeSeconds: rule.MaxAgeSeconds };
    });
    await writeSetting(deps, input, kind, { rules });
    return {};
  },
});

const deleteBucketCors = operation('DeleteBucketCors', {
  access: (input, call, deps) => bucketAccess('PutBucketCORS', input, call, deps),
  async handle(input, _call, deps) {
    await writeSetting(deps, input, kind, undefined);
    return {};
  },
});

export const bucketCorsOperations = { DeleteBucketCors: deleteBucketCors, GetBucketCors: getBucketCors, PutBucketCors: putBucketCors };
