// For processes that a test starts and kills: node --conditions=source --import …/run-typescript.mjs FILE.ts
// The sources carry their extensions and only erasable types, so taking the types away is all it needs. What was made is
// kept with the other caches of the checkout, by its text, for the next process.
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { register } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';

// This file is loaded twice: by the process, where it registers itself, and as the hook.
if (isMainThread) register(import.meta.url);

const kept = fileURLToPath(new URL('../../../../../node_modules/.cache/typescript-runs', import.meta.url));

export async function load(url, context, nextLoad) {
  if (!url.endsWith('.ts')) return nextLoad(url, context);
  const text = await readFile(fileURLToPath(url), 'utf8');
  const path = join(kept, `${createHash('sha256').update(text).digest('hex')}.mjs`);
  const source = await readFile(path, 'utf8').catch(() => makeJavaScript(text, path));
  return { format: 'module', source, shortCircuit: true };
}

async function makeJavaScript(text, path) {
  const { default: ts } = await import('typescript');
  const { outputText } = ts.transpileModule(text, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023, verbatimModuleSyntax: true },
  });
  await mkdir(kept, { recursive: true });
  // Several processes may make it at once.
  const unfinished = `${path}.${process.pid}`;
  await writeFile(unfinished, outputText);
  await rename(unfinished, path);
  return outputText;
}
