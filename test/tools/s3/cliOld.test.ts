// The walk through S3 with Debian's AWS command line, of some years ago.

import { findAwsCli } from '../../support/awsCli.ts';
import { declareCliWalk } from './cliWalk.ts';

declareCliWalk('debian', await findAwsCli('debian'));
