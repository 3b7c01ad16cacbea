import { resolve } from '@cpu-atlas/core';
import type { Resolution, ResolutionRequest, ResolveContext } from '@cpu-atlas/core';

/** The options of QEMU that make this cell. */
export function writeCommandLine({ accel, machine, cpu, kernelIrqchip }: ResolutionRequest): string {
  const irqchip = kernelIrqchip === undefined ? '' : `,kernel-irqchip=${kernelIrqchip}`;
  return `-accel ${accel}${irqchip} -machine ${machine} -cpu ${cpu}`;
}

/**
 * The same guest, asked for in so many words: what is filtered is switched off, so that `enforce` starts and a later
 * host cannot give more. Null when there is nothing to switch off, or when the core finds that it would not start.
 */
export function findExplicitCpu(
  context: ResolveContext,
  request: ResolutionRequest,
  resolution: Resolution,
): string | null {
  if (resolution.status !== 'filtered') return null;
  const off = [...new Set(resolution.unavailableFeatures)].map((feature) => `-${feature}`);
  const cpu = [request.cpu, ...off, 'enforce'].join(',');
  try {
    return resolve(context, { ...request, cpu }).status === 'runnable' ? cpu : null;
  } catch {
    return null;
  }
}
