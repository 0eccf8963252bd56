import { bucketAccess } from '../access.ts';
import type { WebsiteConfiguration } from '../domain/website.ts';
import { absent, errors } from '../errors.ts';
import { routingRulesMax } from '../limits.ts';
import { operation } from '../operation.ts';
import { requireSetting, writeSetting } from '../settings.ts';

const kind = 'website';

const getBucketWebsite = operation('GetBucketWebsite', {
  access: (input, call, deps) => bucketAccess('GetBucketWebsite', input, call, deps),
  async handle(input, _call, deps) {
    const found = await requireSetting<WebsiteConfiguration>(deps, input, kind, absent.website);
    return {
      ...(found.indexSuffix === undefined ? {} : { IndexDocument: { Suffix: found.indexSuffix } }),
      ...(found.errorKey === undefined ? {} : { ErrorDocument: { Key: found.errorKey } }),
      ...(found.redirectAll ? { RedirectAllRequestsTo: { HostName: found.redirectAll.host, ...(found.redirectAll.protocol ? { Protocol: found.redirectAll.protocol } : {}) } } : {}),
      ...(found.rules.length > 0
        ? {
            RoutingRules: found.rules.map(({ condition, redirect }) => ({
              ...(condition ? { Condition: { HttpErrorCodeReturnedEquals: condition.status, KeyPrefixEquals: condition.prefix } } : {}),
              Redirect: {
                HostName: redirect.host,
                Protocol: redirect.protocol,
                HttpRedirectCode: redirect.code,
                ReplaceKeyPrefixWith: redirect.replacePrefix,
                ReplaceKeyWith: redirect.replaceKey,
              },
            })),
          }
        : {}),
    };
  },
});

const putBucketWebsite = operation('PutBucketWebsite', {
  access: (input, call, deps) => bucketAccess('PutBucketWebsite', input, call, deps),
  async handle(input, _call, deps) {
    const { IndexDocument: index, ErrorDocument: error, RedirectAllRequestsTo: all, RoutingRules: given = [] } = input.WebsiteConfiguration ?? {};
    if (all && (index || error || given.length > 0)) throw errors.malformedXml();
    if (!all && !index) throw errors.invalidArgument('A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty', 'IndexDocument', 'null');
    if (index && (!index.Suffix || index.Suffix.includes('/'))) throw errors.invalidArgument('The IndexDocument Suffix is not well formed', 'IndexDocument', index.Suffix ?? '');
    if (all && !all.HostName) throw errors.malformedXml();
    if (given.length > routingRulesMax) throw errors.invalidRequest(`The number of routing rules must not exceed ${routingRulesMax}`);
    const rules = given.map(({ Condition: condition, Redirect: redirect }) => {
      if (!redirect) throw errors.malformedXml();
      if (redirect.ReplaceKeyPrefixWith !== undefined && redirect.ReplaceKeyWith !== undefined) throw errors.invalidRequest('You can only define ReplaceKeyPrefix or ReplaceKey but not both.');
      const code = redirect.HttpRedirectCode;
      if (code !== undefined && !/^3(0[1-57-8])$/.test(code)) throw errors.invalidRequest(`The provided HTTP redirect code (${code}) is not valid. Valid codes are 3XX except 300.`);
      return {
        condition: condition && { status: condition.HttpErrorCodeReturnedEquals, prefix: condition.KeyPrefixEquals },
        redirect: { host: redirect.HostName, protocol: redirect.Protocol, code, replacePrefix: redirect.ReplaceKeyPrefixWith, replaceKey: redirect.ReplaceKeyWith },
      };
    });
    const website: WebsiteConfiguration = {
      indexSuffix: index?.Suffix,
      errorKey: error?.Key,
      redirectAll: all && { host: all.HostName ?? '', protocol: all.Protocol },
      rules,
    };
    await writeSetting(deps, input, kind, website);
    return {};
  },
});

const deleteBucketWebsite = operation('DeleteBucketWebsite', {
  access: (input, call, deps) => bucketAccess('DeleteBucketWebsite', input, call, deps),
  async handle(input, _call, deps) {
    await writeSetting(deps, input, kind, undefined);
    return {};
  },
});

export const bucketWebsiteOperations = { DeleteBucketWebsite: deleteBucketWebsite, GetBucketWebsite: getBucketWebsite, PutBucketWebsite: putBucketWebsite };
