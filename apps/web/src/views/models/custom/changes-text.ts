import type { CustomModelContent } from '@cpu-atlas/contract';

/** What a custom model changes of its base. */
export type ModelChanges = Pick<CustomModelContent, 'features' | 'properties'>;

export type ReadChanges =
  | { readonly kind: 'changes'; readonly changes: ModelChanges }
  | { readonly kind: 'unreadable'; readonly reason: string };

/** `+avx2,-mpx,level=13`: features switched on and off, then properties, as one would write them for `-cpu`. */
export function writeChanges({ features, properties }: ModelChanges): string {
  return [
    ...features.map(({ name, isOn }) => `${isOn ? '+' : '-'}${name}`),
    ...properties.map(({ name, value }) => `${name}=${value}`),
  ].join(',');
}

const nothingElse = /^[^,=\s]+$/;

/**
 * Reads what {@link writeChanges} writes, with commas, blanks or line breaks in between. `name=on` and `name=off` are a
 * feature where `isFeature` says so, else a property.
 */
export function readChanges(text: string, isFeature: (name: string) => boolean): ReadChanges {
  const features: { name: string; isOn: boolean }[] = [];
  const properties: { name: string; value: string }[] = [];
  for (const part of text.split(/[,\n]+|\s+(?=[+-])/).map((each) => each.trim())) {
    if (part === '') continue;
    const sign = part.startsWith('+') || part.startsWith('-') ? part.charAt(0) : '';
    const [name = '', ...rest] = part.slice(sign.length).split('=');
    const value = rest.join('=');
    if (!nothingElse.test(name)) return { kind: 'unreadable', reason: `"${part}" names no feature or property` };
    if (sign !== '') {
      if (rest.length > 0) return { kind: 'unreadable', reason: `"${part}" has both a sign and a value` };
      features.push({ name, isOn: sign === '+' });
    } else if (rest.length === 0) return { kind: 'unreadable', reason: `write +${name}, -${name} or ${name}=VALUE` };
    else if (/^(?:on|off)$/.test(value) && isFeature(name)) features.push({ name, isOn: value === 'on' });
    else properties.push({ name, value });
  }
  return { kind: 'changes', changes: { features, properties } };
}
