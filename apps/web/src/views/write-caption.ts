import type { LoadedAtlas } from '../api/use-atlas.ts';
import type { MatrixState } from '../navigation/route.ts';

/** What the matrix of a host was computed from, in one sentence: the front panel on paper. */
export function writeCaption({ host, snapshot, catalog }: LoadedAtlas, state: MatrixState): string {
  const parts = [
    `CPU models by machine type on ${host.name} (${host.cpuName ?? 'CPU unknown'}, Linux ${host.kernelRelease ?? 'unknown'})`,
    `QEMU ${catalog.qemu.version}`,
    `accelerator ${state.accel}`,
    ...(state.irqchip === '' ? [] : [`kernel-irqchip=${state.irqchip}`]),
    ...(state.machines === '' ? [] : [`machine types ${state.machines}`]),
    ...(state.search === '' ? [] : [`search “${state.search}”`]),
    ...(state.onlyDiffering ? ['only what differs'] : []),
    `snapshot of ${snapshot.collectedAt}`,
  ];
  return `${parts.join('; ')}.`;
}
