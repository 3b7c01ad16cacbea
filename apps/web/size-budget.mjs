// Prints what the browser downloads and fails the build when the JavaScript outgrows its budget.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const budgetBytes = 250_000;
const assets = join(fileURLToPath(new URL('.', import.meta.url)), 'dist', 'assets');

const gzippedBytes = (extension) =>
  readdirSync(assets)
    .filter((name) => name.endsWith(extension))
    .reduce((sum, name) => sum + gzipSync(readFileSync(join(assets, name))).length, 0);

const scriptBytes = gzippedBytes('.js');
const styleBytes = gzippedBytes('.css');
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
console.log(
  `JavaScript ${kilobytes(scriptBytes)} gzip (budget ${kilobytes(budgetBytes)}), CSS ${kilobytes(styleBytes)} gzip`,
);
if (scriptBytes > budgetBytes) {
  console.error(`The JavaScript is ${kilobytes(scriptBytes - budgetBytes)} over its budget.`);
  process.exitCode = 1;
}
