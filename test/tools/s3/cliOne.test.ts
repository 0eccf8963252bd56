// The walk through S3 with the first generation of the AWS command line.

import { findAwsCli } from '../../support/awsCli.ts';
import { declareCliWalk } from './cliWalk.ts';

declareCliWalk('v1', await findAwsCli('v1'));
