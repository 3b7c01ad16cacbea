// Puts a compressed copy beside each text of the build, as the backend sends it: nothing is compressed while a page loads.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

/** Less is not worth it. */
const fromBytes = 1_024;
const forms = [
  { extension: '.gz', compress: (text) => gzipSync(text, { level: 9 }) },
  {
    extension: '.br',
    compress: (text) => brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: text.length } }),
  },
];

const dist = join(fileURLToPath(new URL('.', import.meta.url)), 'dist');
for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !/\.(?:js|css|html|svg)$/.test(entry.name)) continue;
  const path = join(entry.parentPath, entry.name);
  const text = readFileSync(path);
  if (text.length < fromBytes) continue;
  for (const { extension, compress } of forms) writeFileSync(path + extension, compress(text));
}
