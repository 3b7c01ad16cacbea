/** Something that can be laid beside others: a host, a snapshot of one, a model, a model on a machine type of a host. */
export type CompareItem =
  | { readonly kind: 'host'; readonly id: string }
  | { readonly kind: 'snapshot'; readonly hash: string }
  | { readonly kind: 'model'; readonly name: string }
  | { readonly kind: 'cell'; readonly model: string; readonly machine: string; readonly host: string };

/** Things that one comparison holds at most. */
export const itemLimit = 8;

/** `host:ID`, `snapshot:sha256:…`, `model:NAME`, `cell:MODEL@MACHINE@HOST`; a comma is escaped, since lists have commas. */
export function formatItem(item: CompareItem): string {
  return escapeComma(`${item.kind}:${textOf(item)}`);
}

function textOf(item: CompareItem): string {
  switch (item.kind) {
    case 'host':
      return item.id;
    case 'snapshot':
      return item.hash;
    case 'model':
      return item.name;
    case 'cell':
      return `${item.model}@${item.machine}@${item.host}`;
  }
}

/** null: it is none. */
export function parseItem(written: string): CompareItem | null {
  const text = unescapeComma(written);
  const at = text.indexOf(':');
  const value = text.slice(at + 1);
  if (at < 0 || value === '') return null;
  switch (text.slice(0, at)) {
    case 'host':
      return { kind: 'host', id: value };
    case 'snapshot':
      return { kind: 'snapshot', hash: value };
    case 'model':
      return { kind: 'model', name: value };
    case 'cell':
      return parseCell(value);
    default:
      return null;
  }
}

function parseCell(value: string): CompareItem | null {
  const [model = '', machine = '', ...rest] = value.split('@');
  // The id of a host may hold anything.
  const host = rest.join('@');
  return model === '' || machine === '' || host === '' ? null : { kind: 'cell', model, machine, host };
}

const escapeComma = (text: string): string => text.replaceAll('%', '%25').replaceAll(',', '%2C');
const unescapeComma = (text: string): string => text.replaceAll('%2C', ',').replaceAll('%25', '%');
