import { declareCliWalk } from './cliWalk.ts';

await declareCliWalk('v1', 'AWS CLI 1');
