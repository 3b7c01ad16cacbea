/** Names of properties, models and features as QEMU writes them. Keeps `__proto__` and the like out of records. */
export function isPropertyName(name: string): boolean {
  return /^[A-Za-z0-9][\w.+:-]{0,255}$/.test(name);
}

/**
 * What a model lacks, by name. QEMU up to 3.1 lists bits without a name as "": they are left out. Null: nothing with a
 * name is left, so what the model lacks is not told.
 */
export function namedFeatures(features: readonly string[]): readonly string[] | null {
  const named = features.filter(isPropertyName);
  return named.length === 0 && features.length > 0 ? null : named;
}
