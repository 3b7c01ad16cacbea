export * from './qmp/index.ts';
export { harvestCatalog, type Harvest, type HarvestOptions, type HarvestProgress } from './harvest/harvest-catalog.ts';
export { identifyBinary, type BinaryIdentity } from './harvest/binary-identity.ts';
export { canonicalJson } from './store/canonical-json.ts';
export {
  catalogHash,
  formatCatalogFile,
  loadCatalogFile,
  saveCatalogFile,
  type CatalogFile,
} from './store/catalog-file.ts';
export * from './verify/index.ts';
