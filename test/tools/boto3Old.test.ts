import { declareBoto3Walk } from './boto3Walk.ts';

await declareBoto3Walk('1.26.165');
