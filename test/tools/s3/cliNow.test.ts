// The walk through S3 with today's AWS command line.

import { findAwsCli } from '../../support/awsCli.ts';
import { declareCliWalk } from './cliWalk.ts';

declareCliWalk('v2', await findAwsCli('v2'));
