import type { BitView, RegisterView, RegistersView } from '@cpu-atlas/core';

export interface RegisterFilter {
  /** Part of a feature's name, of what it is about, or of a register's key. */
  readonly search: string;
  /** Only registers of feature bits in which the sources differ. */
  readonly onlyDiffering: boolean;
}

/** A register and those of its bits that were looked for; all of them when the register itself was. */
export interface FoundRegister {
  readonly register: RegisterView;
  readonly bits: readonly BitView[];
}

/** Registers that fit a search, in their order. */
export function findRegisters(
  { registers }: RegistersView,
  { search, onlyDiffering }: RegisterFilter,
): FoundRegister[] {
  const wanted = search.trim().toLowerCase();
  return registers.flatMap((register): FoundRegister[] => {
    const bits = onlyDiffering ? register.bits.filter(differs) : register.bits;
    if (onlyDiffering && bits.length === 0) return [];
    if (wanted === '' || isNamed(register, wanted)) return [{ register, bits }];
    const named = bits.filter(({ name, description }) => `${name ?? ''} ${description}`.toLowerCase().includes(wanted));
    return named.length === 0 ? [] : [{ register, bits: named }];
  });
}

/** Whether some source has a bit and another one that could tell has not. */
export function differs({ presence }: BitView): boolean {
  return presence.includes('present') && presence.includes('absent');
}

function isNamed({ key, title }: RegisterView, wanted: string): boolean {
  return key.toLowerCase().startsWith(wanted) || (title ?? '').toLowerCase().includes(wanted);
}
