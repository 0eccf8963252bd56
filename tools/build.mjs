import { prepare } from './prepare.mjs';

prepare({ check: true });
