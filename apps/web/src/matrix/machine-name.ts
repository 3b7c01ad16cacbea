/** A machine type's name in two parts: `pc-q35-10.0` is family `q35`, version `10.0`; `isapc` has no version. */
export interface MachineName {
  readonly family: string;
  readonly version: string;
}

/** Splits a machine type's name; downstream names such as `pc-i440fx-noble` or `pc-q35-rhel9.4.0` need no table. */
export function splitMachineName(name: string): MachineName {
  const pc = /^pc-([^-]+)-(.+)$/.exec(name);
  if (pc !== null) return { family: pc[1] ?? name, version: pc[2] ?? '' };
  const versioned = /^(.+)-(\d[^-]*)$/.exec(name);
  if (versioned !== null) return { family: versioned[1] ?? name, version: versioned[2] ?? '' };
  return { family: name, version: '' };
}

/** The families in order of first appearance, with the machine types of each. */
export function groupByFamily(machines: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const families = new Map<string, string[]>();
  for (const machine of machines) {
    const { family } = splitMachineName(machine);
    const members = families.get(family);
    if (members === undefined) families.set(family, [machine]);
    else members.push(machine);
  }
  return families;
}
