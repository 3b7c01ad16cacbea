#!/usr/bin/env node
import { existsSync } from 'node:fs';
import * as modules from 'node:module';

// Since Node 22 compiled code can be kept from one start to the next.
modules.enableCompileCache?.();

const main = new URL('../dist/main.js', import.meta.url);
if (existsSync(main)) {
  await import(main.href);
} else {
  process.stderr.write('cpu-atlas is not built in this checkout; build it with: npm install && npm run build\n');
  process.exitCode = 2;
}
