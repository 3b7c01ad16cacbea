import type { DeepReadonly } from './deep-readonly.ts';
import { libvirtReleaseSchema } from './http-plan.ts';
import { z } from './zod.ts';

export const cpuMapListSchema = z
  .object({ releases: z.array(libvirtReleaseSchema).describe('Oldest first') })
  .meta({ id: 'CpuMapList' });

export type CpuMapList = DeepReadonly<z.output<typeof cpuMapListSchema>>;
