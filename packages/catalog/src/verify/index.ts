export { verifyCell } from './verify-cell.ts';
export type { CellToVerify } from './verify-cell.ts';
export type { FeatureNames } from './compare-msr.ts';
export type { ComparedValue, Verification, VerifiedDifference } from './verification.ts';
