import { describe, expect, it } from 'vitest';
import { groupsOfClaim, groupsOfHeader, roleOfGroups } from './role-mapping.ts';

const mapping = { operator: ['admins', 'cn=ops,dc=example'], viewer: ['staff'], otherwise: null } as const;

describe('roles of groups', () => {
  it.each([
    [['admins'], 'operator'],
    [['staff'], 'viewer'],
    [['staff', 'admins'], 'operator'],
    [['cn=ops,dc=example'], 'operator'],
    [['Admins'], null],
    [['admins '], null],
    [['others'], null],
    [[], null],
  ])('%j give %s', (groups, role) => expect(roleOfGroups(groups, mapping)).toBe(role));

  it('who is in no group gets the role for others, and never more', () => {
    expect(roleOfGroups([], { ...mapping, otherwise: 'viewer' })).toBe('viewer');
    expect(roleOfGroups(['admins'], { ...mapping, otherwise: 'viewer' })).toBe('operator');
  });
});

describe('groups of a claim', () => {
  it.each([
    [{ groups: ['a', 'b'] }, 'groups', ['a', 'b']],
    [{ groups: 'not admins' }, 'groups', ['not admins']],
    [{ groups: ['a', 1, null, { b: 1 }] }, 'groups', ['a']],
    [{ realm_access: { roles: ['a'] } }, 'realm_access.roles', ['a']],
    [{ 'https://example.com/roles': ['a'] }, 'https://example.com/roles', ['a']],
    [{ groups: { admins: true } }, 'groups', []],
    [{}, 'groups', []],
    [{}, 'constructor.name', []],
    [{}, '__proto__.x', []],
    [{ groups: null }, 'groups.x', []],
  ])('%j at %s names %j', (claims, path, groups) => expect(groupsOfClaim(claims, path)).toEqual(groups));

  it('a header has commas between its groups, and spaces within', () => {
    expect(groupsOfHeader(' Atlas Admins, staff,,')).toEqual(['Atlas Admins', 'staff']);
    expect(groupsOfHeader('')).toEqual([]);
  });
});
