import { declareCliWalk } from './cliWalk.ts';

await declareCliWalk('v2', 'AWS CLI 2.36');
