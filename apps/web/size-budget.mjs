// Prints what the browser downloads for the first screen and in all, and fails the build when the JavaScript of the
// first screen outgrows its budget.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const budgetBytes = 250_000;
const dist = join(fileURLToPath(new URL('.', import.meta.url)), 'dist');
const assets = join(dist, 'assets');

const gzippedBytes = (names) => names.reduce((sum, name) => sum + gzipSync(readFileSync(join(assets, name))).length, 0);
const named = (extension) => readdirSync(assets).filter((name) => name.endsWith(extension));

/** Scripts that index.html loads, and what those import without being asked. */
function firstScripts() {
  const html = readFileSync(join(dist, 'index.html'), 'utf8');
  const found = new Set([...html.matchAll(/assets\/([\w.-]+\.js)/g)].map(([, name]) => name));
  for (const name of found) {
    const script = readFileSync(join(assets, name), 'utf8');
    for (const [, imported] of script.matchAll(/(?:from|import)\s*["']\.\/([\w.-]+\.js)["']/g)) found.add(imported);
  }
  return [...found];
}

const firstBytes = gzippedBytes(firstScripts());
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
console.log(
  [
    `JavaScript of the first screen ${kilobytes(firstBytes)} gzip (budget ${kilobytes(budgetBytes)})`,
    `of all screens ${kilobytes(gzippedBytes(named('.js')))}`,
    `CSS ${kilobytes(gzippedBytes(named('.css')))}`,
  ].join(', '),
);
if (firstBytes < 10_000) {
  console.error('The first screen cannot be that small: index.html names no script that was found.');
  process.exitCode = 1;
}
if (firstBytes > budgetBytes) {
  console.error(`The JavaScript of the first screen is ${kilobytes(firstBytes - budgetBytes)} over its budget.`);
  process.exitCode = 1;
}
