import { composeSnapshot } from '../compose-snapshot.ts';
import { invalid, shown } from '../faults.ts';
import { importLimits, refuseAbove } from '../import-limits.ts';
import type { ImportOptions, Reading } from '../import-types.ts';
import type { CpuidRow } from './cpuid-registers.ts';
import type { CpuDump } from './group-cpus.ts';
import { hardwareOfDumps } from './hardware-of-dumps.ts';

const header = /^CPU(?: (\d{1,5}))?:\s*$/;
const line =
  /^\s*0x([0-9a-f]{1,8}) 0x([0-9a-f]{1,8}): eax=0x([0-9a-f]{1,8}) ebx=0x([0-9a-f]{1,8}) ecx=0x([0-9a-f]{1,8}) edx=0x([0-9a-f]{1,8})\s*$/i;

/**
 * A dump of `cpuid -r` (all CPUs) or `cpuid -1 -r` (one), of Todd Allen's tool. CPUs with equal CPUID become one group.
 * What stands before the first CPU (a prompt, a warning) is passed over; within the dump every line must be one.
 * @throws IMPORT_INVALID with the line, IMPORT_TOO_LARGE
 */
export function readCpuidDump(text: string, options: ImportOptions): Reading {
  const { dumps, isOneOnly } = readDumps(text, options.source);
  const { hardware, cpuName, notes } = hardwareOfDumps(dumps, options.source);
  const snapshot = composeSnapshot({ format: 'cpuid-raw', fallbackName: cpuName, hardware }, options);
  const oneOnly = 'the dump is of one CPU; whether the others of the host are equal is not told';
  return { snapshots: [snapshot], notes: [...notes, ...(isOneOnly ? [oneOnly] : [])] };
}

function readDumps(text: string, source: string): { readonly dumps: readonly CpuDump[]; readonly isOneOnly: boolean } {
  const dumps: { readonly cpu: number; readonly rows: CpuidRow[] }[] = [];
  const seen = new Set<number>();
  let isOneOnly = false;
  for (const [index, content] of text.split('\n').entries()) {
    const where = `${source}: line ${index + 1}`;
    const cpu = header.exec(content);
    if (cpu !== null) {
      isOneOnly = cpu[1] === undefined;
      const number = Number(cpu[1] ?? 0);
      if (seen.has(number))
        throw invalid(`CPU ${number} stands here twice`, where, 'import the dumps of two hosts one by one');
      seen.add(number);
      refuseAbove(seen.size, importLimits.cpus, 'CPUs', where);
      dumps.push({ cpu: number, rows: [] });
      continue;
    }
    const row = readRow(content);
    if (row !== null) {
      // Old releases of the tool print no header for a single CPU.
      if (dumps.length === 0) {
        isOneOnly = true;
        dumps.push({ cpu: 0, rows: [] });
      }
      dumps.at(-1)?.rows.push(row);
      continue;
    }
    if (dumps.length > 0 && content.trim() !== '' && !isPrompt(content)) {
      throw invalid(`${shown(content.trim())} is no line of cpuid -r`, where);
    }
  }
  return { dumps, isOneOnly };
}

/** The prompt of a shell, which is easily copied along at the end. */
function isPrompt(content: string): boolean {
  return /^\S*[$#%>]\s*$/.test(content.slice(0, 200).trim()) || /^\[?[\w.@~:/ -]{1,100}\]?[$#] /.test(content);
}

function readRow(content: string): CpuidRow | null {
  const match = content.length > 200 ? null : line.exec(content);
  if (match === null) return null;
  const [leaf = 0, subleaf = 0, eax = 0, ebx = 0, ecx = 0, edx = 0] = match
    .slice(1)
    .map((hex) => Number.parseInt(hex, 16));
  return { leaf, subleaf, eax, ebx, ecx, edx };
}
