import type { PersonRole, RoleMapping } from './access-settings.ts';

/** The role that a person's groups give; null: none, which is no way in. */
export function roleOfGroups(
  groups: readonly string[],
  { operator, viewer, otherwise }: RoleMapping,
): PersonRole | null {
  if (groups.some((group) => operator.includes(group))) return 'operator';
  if (groups.some((group) => viewer.includes(group))) return 'viewer';
  return otherwise;
}

/**
 * The groups that a claim names: a list of texts, or one text, which is one group whatever stands in it. Anything else is
 * no group. `path` leads into objects with dots (`realm_access.roles`); a claim whose own name has dots wins.
 */
export function groupsOfClaim(claims: Readonly<Record<string, unknown>>, path: string): readonly string[] {
  const value = claims[path] ?? valueAt(claims, path.split('.'));
  if (typeof value === 'string') return [value];
  if (!Array.isArray(value)) return [];
  return value.filter((group): group is string => typeof group === 'string');
}

/** The groups of a header: with commas between them, because a group may have spaces in its name. */
export function groupsOfHeader(text: string): readonly string[] {
  return text
    .split(',')
    .map((group) => group.trim())
    .filter((group) => group !== '');
}

function valueAt(claims: Readonly<Record<string, unknown>>, path: readonly string[]): unknown {
  let value: unknown = claims;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = Object.entries(value).find(([name]) => name === key)?.[1];
  }
  return value;
}
