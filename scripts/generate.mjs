/**
 * Runs all generators of committed files.
 *
 *     node scripts/generate.mjs           write the files
 *     node scripts/generate.mjs --check   exit 1 if one differs from what it is generated from
 */

import { generateMan } from './generate-man.mjs';
import { generatePlan } from './generate-plan.mjs';
import { generateX86 } from './generate-x86.mjs';

const generators = [generateX86, generatePlan, generateMan];

const check = process.argv.includes('--check');
const findings = [];
for (const generate of generators) findings.push(...(await generate({ check })));
for (const finding of findings) console.error(finding);
process.exitCode = findings.length > 0 ? 1 : 0;
