import { groupByFamily, splitMachineName } from './machine-name.ts';

/** Two short lines for a column header, and the whole truth for tooltips and screen readers. */
export interface MachineLabel {
  readonly range: string;
  readonly families: string;
  readonly title: string;
}

/**
 * Names machine types that are shown as one: `4.1 … 7.2` of `q35 i440fx`. A range is written only where the machine
 * types follow each other in `order` (all machine types of this QEMU, newest first); gaps are written as commas.
 */
export function labelMachines(machines: readonly string[], order: readonly string[]): MachineLabel {
  const orderByFamily = groupByFamily(order);
  const parts = [...groupByFamily(machines)].map(([family, members]) => {
    const runs = splitIntoRuns(members, orderByFamily.get(family) ?? members);
    return { family, size: members.length, text: runs.map(writeRun).join(', ') };
  });
  const longest = parts.reduce((best, part) => (part.size > best.size ? part : best));
  const title = parts.map((part) => (part.text === '' ? part.family : `${part.family} ${part.text}`)).join('; ');
  const families = writeFamilies(parts.map((part) => part.family));
  if (longest.text === '') return { range: longest.family, families: parts.length > 1 ? families : '', title };
  return { range: longest.text, families, title };
}

const familiesShown = 2;

function writeFamilies(families: readonly string[]): string {
  const rest = families.length - familiesShown;
  return [...families.slice(0, familiesShown), ...(rest > 0 ? [`+${rest}`] : [])].join(' ');
}

/** Neighbours in `order` stay together; oldest first, as version ranges are read. */
function splitIntoRuns(members: readonly string[], order: readonly string[]): readonly (readonly string[])[] {
  const places = members.map((member) => order.indexOf(member)).sort((a, b) => b - a);
  const runs: string[][] = [];
  let previous = Number.NaN;
  for (const place of places) {
    const version = splitMachineName(order[place] ?? '').version;
    const run = runs.at(-1);
    if (run !== undefined && place === previous - 1) run.push(version);
    else runs.push([version]);
    previous = place;
  }
  return runs;
}

function writeRun(run: readonly string[]): string {
  const first = run[0] ?? '';
  const last = run.at(-1) ?? '';
  if (run.length === 1) return first;
  return run.length === 2 ? `${first}, ${last}` : `${first} … ${last}`;
}
