import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkoutRoot } from './oracle/oracle-files.ts';

/** Which workspace may import which other, besides itself. */
const allowed = {
  'packages/core': [],
  'packages/contract': ['packages/core'],
  'packages/catalog': ['packages/core', 'packages/contract'],
  'packages/prober': ['packages/core', 'packages/contract'],
  'packages/importer': ['packages/core', 'packages/contract'],
  'apps/server': ['packages/core', 'packages/contract', 'packages/catalog', 'packages/prober', 'packages/importer'],
  'apps/web': ['packages/core', 'packages/contract'],
  'apps/cli': [
    'packages/core',
    'packages/contract',
    'packages/catalog',
    'packages/prober',
    'packages/importer',
    'apps/server',
  ],
} as const satisfies Record<string, readonly string[]>;
type Workspace = keyof typeof allowed;
const workspaces = Object.keys(allowed) as Workspace[];

/** Folders of the core: each imports only those left of it. */
const coreOrder = ['x86', 'snapshot', 'catalog', 'resolve', 'matrix', 'plan', 'decode', 'export'];
/** Types of one folder that an earlier one needs; nothing but types crosses here. */
const typesBackwards = [
  { from: 'x86', to: 'catalog/catalog.ts', reason: 'WordSpec and SparseWords are the shapes of a catalog file' },
  { from: 'x86', to: 'snapshot/snapshot.ts', reason: 'CpuidEntry is the shape of a snapshot file' },
];

const nodeFree: readonly Workspace[] = ['packages/core', 'packages/contract', 'packages/importer', 'apps/web'];

interface Import {
  readonly file: string;
  readonly specifier: string;
  readonly isTypeOnly: boolean;
}

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sourceFiles(path);
    return /\.(ts|tsx)$/.test(entry.name) ? [path] : [];
  });
}

function importsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8');
  const statements = text.matchAll(
    /(?:^|\n)\s*(import|export)\s+(type\s)?[^;'"]*?from\s+['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)|(?:^|\n)\s*import\s+['"]([^'"]+)['"]/g,
  );
  return [...statements].map((match) => ({
    file,
    specifier: match[3] ?? match[4] ?? match[5] ?? '',
    isTypeOnly: match[2] !== undefined || /\{\s*type [^}]*\}/.test(match[0]),
  }));
}

function packageNames(): Map<string, Workspace> {
  return new Map(
    workspaces.map((workspace) => {
      const manifest = JSON.parse(readFileSync(join(checkoutRoot, workspace, 'package.json'), 'utf8')) as {
        name: string;
      };
      return [manifest.name, workspace];
    }),
  );
}

/** The workspace that an import leads to; null: a dependency, or Node itself. */
function targetOf({ file, specifier }: Import, names: ReadonlyMap<string, Workspace>): Workspace | null {
  if (specifier.startsWith('.')) {
    const path = relative(checkoutRoot, resolve(dirname(file), specifier));
    return workspaces.find((workspace) => path.startsWith(`${workspace}/`)) ?? null;
  }
  const name = specifier.startsWith('@') ? specifier.split('/').slice(0, 2).join('/') : specifier.split('/')[0];
  return names.get(name) ?? null;
}

describe('the walls of the house', () => {
  const names = packageNames();

  it.each(workspaces)('%s imports only what it may', (workspace) => {
    const files = sourceFiles(join(checkoutRoot, workspace, 'src'));
    expect(files.length).toBeGreaterThan(0);
    const permitted: readonly string[] = [workspace, ...allowed[workspace]];
    const breaches = files
      .flatMap(importsOf)
      .map((found) => ({ found, target: targetOf(found, names) }))
      .filter(({ target }) => target !== null && !permitted.includes(target))
      .map(({ found, target }) => `${relative(checkoutRoot, found.file)} imports ${found.specifier} (${target})`);
    expect(breaches).toEqual([]);
  });

  it.each(nodeFree)('%s needs nothing of Node', (workspace) => {
    const files = sourceFiles(join(checkoutRoot, workspace, 'src')).filter(
      (file) => !/\.test\.tsx?$|\/testing\//.test(file),
    );
    const breaches = files.flatMap(importsOf).filter(({ specifier }) => specifier.startsWith('node:'));
    expect(breaches.map(({ file, specifier }) => `${relative(checkoutRoot, file)} imports ${specifier}`)).toEqual([]);
  });

  it('the core has no dependencies at all', () => {
    const manifest = JSON.parse(readFileSync(join(checkoutRoot, 'packages/core/package.json'), 'utf8')) as {
      dependencies?: object;
    };
    expect(manifest.dependencies ?? {}).toEqual({});
  });

  it('folders of the core import only folders left of them', () => {
    const root = join(checkoutRoot, 'packages/core/src');
    const folders = coreOrder.filter((folder) => existsSync(join(root, folder)));
    expect(folders.length).toBeGreaterThan(4);
    const breaches = folders.flatMap((folder) =>
      sourceFiles(join(root, folder))
        .filter((file) => !file.endsWith('.test.ts'))
        .flatMap(importsOf)
        .filter(({ file, specifier, isTypeOnly }) => {
          const path = relative(root, resolve(dirname(file), specifier));
          const target = coreOrder.indexOf(path.split('/')[0]);
          const excused = isTypeOnly && typesBackwards.some(({ from, to }) => from === folder && to === path);
          return target > coreOrder.indexOf(folder) && !excused;
        })
        .map(({ file, specifier }) => `${relative(root, file)} imports ${specifier}`),
    );
    expect(breaches).toEqual([]);
  });
});
