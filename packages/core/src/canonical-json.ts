/**
 * JSON with sorted keys: equal values have equal text, whatever order they were built in. Members that are undefined are
 * left out. Hashes of content are made of it, hundreds in a second.
 */
export function canonicalJson(value: unknown): string {
  return write(value);
}

/** `order`: that of the neighbours in a list. */
function write(value: unknown, order?: MemberOrder): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return writeArray(value);
  return writeObject(value as Readonly<Record<string, unknown>>, order ?? new MemberOrder());
}

function writeArray(items: readonly unknown[]): string {
  const order = new MemberOrder();
  let text = '[';
  for (let i = 0; i < items.length; i += 1) text += i === 0 ? write(items[i], order) : `,${write(items[i], order)}`;
  return `${text}]`;
}

function writeObject(value: Readonly<Record<string, unknown>>, order: MemberOrder): string {
  let text = '';
  for (const { key, label } of order.of(Object.keys(value))) {
    const member = value[key];
    if (member !== undefined) text += `${text === '' ? '{' : ','}${label}${write(member)}`;
  }
  return text === '' ? '{}' : `${text}}`;
}

interface Member {
  readonly key: string;
  /** As the text has it, with its colon. */
  readonly label: string;
}

/** Sorts keys, and remembers it: of the objects in a list most have the same. */
class MemberOrder {
  #keys: readonly string[] = [];
  #members: readonly Member[] = [];

  of(keys: readonly string[]): readonly Member[] {
    if (!isSameList(keys, this.#keys)) {
      this.#keys = keys;
      // Sorted by code units, as `<` compares.
      this.#members = [...keys].sort().map((key) => ({ key, label: `${JSON.stringify(key)}:` }));
    }
    return this.#members;
  }
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}
