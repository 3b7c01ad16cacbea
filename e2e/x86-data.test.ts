/** Checks that the packed table is up to date, and that a fault in `data/x86` is told with file and record. */

import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readX86Data } from '../scripts/x86-data.mjs';

describe('data/x86', () => {
  const script = join(import.meta.dirname, '../scripts/generate-x86.mjs');

  it('is what features.gen.ts was generated from', () => {
    execFileSync(process.execPath, [script, '--check'], { timeout: 10_000 });
  });

  const faults = [
    {
      what: 'an unknown key',
      file: 'features/6.EAX.json',
      from: '"bit"',
      to: '"bits"',
      finding: /6\.EAX\.json: record 0 \(arat\): unknown key bits/,
    },
    {
      what: 'a bit outside of the word',
      file: 'features/6.EAX.json',
      from: '"bit": 2',
      to: '"bit": 32',
      finding: /6\.EAX\.json: record 0 \(arat\): bit 32 is outside/,
    },
    {
      what: 'a name used twice',
      file: 'features/6.EAX.json',
      from: '"arat"',
      to: '"avx2"',
      finding: /avx2 is also a name of/,
    },
    {
      what: 'an unknown parent',
      file: 'features/6.EAX.json',
      from: '"requires": []',
      to: '"requires": [{"feature":"nope","why":"x","enforcedBy":"qemu"}]',
      finding: /requires the unknown nope/,
    },
    {
      what: 'a cycle',
      file: 'features/1.EDX.json',
      from: '"requires": []',
      to: '"requires": [{"feature":"sse2","why":"x","enforcedBy":"architecture"}]',
      finding: /cycle/,
    },
    { what: 'a file that is not JSON', file: 'words.json', from: '[', to: '', finding: /words\.json/ },
    {
      what: 'an edge that the records do not know',
      file: 'dependencies.json',
      from: '"whenMissing": "pdcm"',
      to: '"whenMissing": "avx"',
      finding: /msr\.345\.json: record \d+ \(full-width-write\): QEMU enforces/,
    },
  ];
  it.each(faults)('is refused with the place named: $what', ({ file, from, to, finding }) => {
    const directory = mkdtempSync(join(tmpdir(), 'cpu-atlas-x86-'));
    try {
      cpSync(join(import.meta.dirname, '../data/x86'), directory, { recursive: true });
      const path = join(directory, file);
      writeFileSync(path, readFileSync(path, 'utf8').replace(from, to));
      expect(readX86Data(directory).findings.join('\n')).toMatch(finding);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
