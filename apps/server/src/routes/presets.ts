import { listAbiLevels, listPresets, listSecurityFlags } from '@cpu-atlas/core';
import { presetsResultSchema } from '@cpu-atlas/contract';
import { replyOf, type App } from '../http-types.ts';

/** Workloads, ABI levels and security flags: what CPUs are judged by, with its sources. */
export function registerPresets(app: App): void {
  app.get(
    '/presets',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['presets'],
        summary: 'What a CPU can be judged by: ABI levels, workloads, security flags',
        response: { 200: replyOf(presetsResultSchema) },
      },
    },
    async () => ({ abiLevels: listAbiLevels(), presets: listPresets(), securityFlags: listSecurityFlags() }),
  );
}
