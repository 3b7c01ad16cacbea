import { invalid } from '../faults.ts';
import { refuseAbove } from '../import-limits.ts';
import type { VmOptions, VmReading } from './read-vms.ts';
import { mostVms, toVmRecord } from './vm-fields.ts';

/**
 * CSV as RFC 4180 has it, with a header; `,`, `;` or tab between fields. A `-cpu` argument holds commas, so it goes in
 * quotes where commas separate.
 * @throws IMPORT_INVALID with the line, IMPORT_AMBIGUOUS, IMPORT_TOO_LARGE
 */
export function readVmsCsv(text: string, options: VmOptions): VmReading {
  const rows = splitRows(text, options.source);
  const [header, ...body] = rows;
  const names = header?.fields.map((name) => name.trim().toLowerCase()) ?? [];
  if (!names.includes('cpu') && !names.includes('-cpu') && !names.includes('cpu-model'))
    throw invalid(
      'has no column "cpu"',
      `${options.source}: line 1`,
      'begin with a line such as: name,host,machine,cpu',
    );
  refuseAbove(body.length, mostVms, 'VMs', options.source);
  const vms = body.map(({ fields, line }) => {
    const where = `${options.source}: line ${line}`;
    if (fields.length !== names.length)
      throw invalid(`has ${fields.length} fields, the header ${names.length}`, where, 'put -cpu arguments in quotes');
    return toVmRecord(Object.fromEntries(names.map((name, at) => [name, fields[at].trim()])), where, options);
  });
  return { vms, notes: [] };
}

interface Row {
  readonly fields: readonly string[];
  readonly line: number;
}

function separatorOf(text: string): string {
  const [first] = text.split('\n', 1);
  return [',', ';', '\t'].reduce((best, one) => (first.split(one).length > first.split(best).length ? one : best), ',');
}

/** One pass over the text; quotes may hold separators, line ends and doubled quotes. */
function splitRows(text: string, source: string): readonly Row[] {
  const separator = separatorOf(text);
  const rows: Row[] = [];
  let [fields, field, line, rowLine]: [string[], string, number, number] = [[], '', 1, 1];
  let quotedFrom: number | null = null;
  const endRow = (): void => {
    fields.push(field);
    if (fields.length > 1 || field.trim() !== '') rows.push({ fields, line: rowLine });
    [fields, field] = [[], ''];
  };
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '\n') line += 1;
    if (quotedFrom !== null) {
      if (character !== '"') field += character;
      else if (text[at + 1] === '"') field += text[(at += 1)];
      else quotedFrom = null;
    } else if (character === '"' && field.trim() === '') [field, quotedFrom] = ['', line];
    else if (character === separator) {
      fields.push(field);
      field = '';
    } else if (character === '\n') {
      endRow();
      rowLine = line;
    } else field += character;
  }
  if (quotedFrom !== null) throw invalid('a quote is never closed', `${source}: line ${quotedFrom}`);
  endRow();
  return rows;
}
