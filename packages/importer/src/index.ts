export { detectFormat } from './detect-format.ts';
export { formatGuides, type FormatGuide, type ToldLayer } from './format-guide.ts';
export { importLimits } from './import-limits.ts';
export { importText } from './import-text.ts';
export {
  importFormats,
  type ImportFormat,
  type ImportOptions,
  type ImportRefusal,
  type ImportResult,
  type TextFormat,
} from './import-types.ts';
export { readVms, type VmOptions, type VmReading } from './vms/read-vms.ts';
export { readCpuMap, type ReadMapFile } from './xml/read-cpu-map.ts';
