export * from './qmp/index.ts';
export { harvestCatalog, type Harvest, type HarvestOptions, type HarvestProgress } from './harvest/harvest-catalog.ts';
export { harvestModelCaches, type ModelCachesOptions } from './harvest/model-caches.ts';
export { readGuestCpuid, type CpuidReading } from './harvest/read-guest-cpuid.ts';
export type { CpuidQuestion } from './harvest/cpuid-program.ts';
export { identifyBinary, type BinaryIdentity } from './harvest/binary-identity.ts';
export {
  catalogHash,
  formatCatalogFile,
  loadCatalogFile,
  saveCatalogFile,
  type CatalogFile,
} from './store/catalog-file.ts';
export * from './verify/index.ts';
