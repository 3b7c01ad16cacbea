import type { HarvestState } from '@cpu-atlas/contract';

/** How far the harvest is, in one sentence. */
export function writeHarvest(harvest: HarvestState): string {
  switch (harvest.state) {
    case 'done':
      return 'Its own catalog is harvested.';
    case 'off':
      return `Its own is not harvested: ${harvest.reason}.`;
    case 'waiting':
      return 'Its own will be harvested next.';
    case 'running':
      return harvest.machinesTotal === null
        ? 'Its own is being harvested.'
        : `Its own is being harvested: ${harvest.machinesDone} of ${harvest.machinesTotal} machine types.`;
    case 'failed':
      return `Its own could not be harvested (${harvest.code}): ${harvest.reason}; ${harvest.remedy}.`;
  }
}
