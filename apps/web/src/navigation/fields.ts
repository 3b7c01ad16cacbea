/**
 * One parameter of a screen's address. What is at its initial value is left out of the address, so that a short link
 * stays short; what a link does not say, or says in words unknown here, is at its initial value, so that an old link
 * still opens.
 */
export interface Field<T> {
  /** Its name in the address, where that is not its key. */
  readonly parameter?: string;
  readonly initial: T;
  /** `''` where the link does not say. */
  readonly parse: (text: string) => T;
  /** `''` leaves the parameter out. */
  readonly format: (value: T) => string;
}

/** What the parameters of a screen hold; their names are their keys, and they stand in the address in this order. */
export type StateOf<F> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

/** A field under another name in the address. */
export function named<T>(parameter: string, field: Field<T>): Field<T> {
  return { ...field, parameter };
}

const textLength = 256;
const listLength = 4_096;
/** A day, a time and a zone; a `+` of the zone may have come as a space. */
const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;

export function textField(initial = ''): Field<string> {
  return {
    initial,
    parse: (text) => (text === '' ? initial : text.slice(0, textLength)),
    format: (value) => (value === initial ? '' : value),
  };
}

/** A time as of which the fleet is told, RFC 3339; '': now. What is no time is now. */
export function timeField(): Field<string> {
  return {
    initial: '',
    parse: (text) => (isTime.test(text) && !Number.isNaN(Date.parse(text)) ? text : ''),
    format: (value) => value,
  };
}

/** A switch that is off at first. */
export function flagField(): Field<boolean> {
  return { initial: false, parse: (text) => text === '1', format: (value) => (value ? '1' : '') };
}

/** One of some words; the first is initial. */
export function choiceField<const T extends string>(values: readonly [T, ...(readonly T[])]): Field<T> {
  const [initial] = values;
  return {
    initial,
    parse: (text) => values.find((value) => value === text) ?? initial,
    format: (value) => (value === initial ? '' : value),
  };
}

/** Words without commas. */
export function listField(): Field<readonly string[]> {
  return {
    initial: [],
    parse: (text) =>
      text
        .slice(0, listLength)
        .split(',')
        .filter((item) => item !== ''),
    format: (value) => value.join(','),
  };
}

/** A whole number within limits. */
export function numberField(limits: {
  readonly least: number;
  readonly initial: number;
  readonly most: number;
}): Field<number> {
  const { initial } = limits;
  return {
    initial,
    parse: (text) => clampTo(limits, Number(text.slice(0, textLength)) || initial),
    format: (value) => (value === initial ? '' : String(value)),
  };
}

/** The nearest whole number within limits. */
export function clampTo({ least, most }: { readonly least: number; readonly most: number }, value: number): number {
  return Math.round(Math.min(Math.max(value, least), most));
}
