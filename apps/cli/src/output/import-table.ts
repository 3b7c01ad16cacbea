import type { ImportedHost, ImportResultDocument } from '@cpu-atlas/contract';
import { formatTable, type Cell } from './table.ts';
import type { Paint } from './terminal.ts';

/** What a server made of an import, for people: a line for each host. */
export function formatImported(
  { format, isDryRun, hosts }: Pick<ImportResultDocument, 'format' | 'isDryRun' | 'hosts'>,
  paint: Paint,
): string {
  const head = `${format}${isDryRun ? ', dry run: nothing was stored' : ''}\n`;
  return head + formatTable(hosts.map((host) => rowOf(host, paint)));
}

function rowOf({ name, id, outcome, knows }: ImportedHost, paint: Paint): Cell[] {
  const layers = [
    knows.hardware === 'unknown' ? 'CPU ?' : knows.hardware === 'partial' ? 'CPU in part' : 'CPU',
    knows.kvm ? 'KVM' : 'KVM ?',
    knows.qemu ? 'QEMU' : 'QEMU ?',
  ];
  return [name, { text: outcome, paint: paint.good }, layers.join(', '), { text: id, paint: paint.dim }];
}
