import { declareCliWalk } from './cliWalk.ts';

await declareCliWalk('debian', 'AWS CLI 2.9 (Debian)');
