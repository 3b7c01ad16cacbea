/** Addresses, below `/api/v1`, of what the first screen is made from. */
import type { ViewState } from '../navigation/route.ts';

export const apiBase = '/api/v1';

export const sessionPath = '/session';
/** The first thousand hosts: what lists to choose from offer. */
export const hostsPath = '/hosts?limit=1000';
export const catalogsPath = '/catalogs';

export function snapshotPath(hash: string): string {
  return `/snapshots/${encodeURIComponent(hash)}`;
}

export function catalogPath(hash: string): string {
  return `/catalogs/${encodeURIComponent(hash)}`;
}

/** What decides a cube. */
export type CubeChoice = Pick<ViewState<'pivot'>, 'accel' | 'irqchip' | 'catalog' | 'at'>;

export function cubePath({ accel, irqchip, catalog, at }: CubeChoice): string {
  const parameters = new URLSearchParams({ catalog, accel });
  if (irqchip !== '' && accel === 'kvm') parameters.set('kernelIrqchip', irqchip);
  if (at !== '') parameters.set('at', at);
  return `/cube?${parameters.toString()}`;
}
