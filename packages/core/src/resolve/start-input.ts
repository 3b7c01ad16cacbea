import type { AddressBits } from './address-bits.ts';
import type { ResolveContext } from './context.ts';
import { hasFeature } from './feature-words.ts';
import type { ResolutionRequest } from './resolution.ts';
import type { SettledCell } from './settle-cell.ts';

/** All that decides whether a settled cell starts, and what QEMU prints. */
export interface StartInput {
  readonly context: ResolveContext;
  readonly request: ResolutionRequest;
  readonly settled: SettledCell;
  readonly address: AddressBits;
  /** Something is filtered, so that `enforce` has a reason. */
  readonly wouldRefuse: boolean;
}

/** Whether the guest gets a feature. */
export const has = ({ context, settled }: StartInput, name: string): boolean =>
  hasFeature(context.index, settled.words.effective, name);

export const isOn = ({ settled }: StartInput, property: string): boolean =>
  settled.configured.properties[property] === true;

export const isKvm = ({ request }: StartInput): boolean => request.accel === 'kvm';
