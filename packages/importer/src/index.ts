export { detectFormat } from './detect-format.ts';
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
