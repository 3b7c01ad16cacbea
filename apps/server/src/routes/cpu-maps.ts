import { cpuMapListSchema, libvirtCpuMapSchema, libvirtReleaseSchema } from '@cpu-atlas/contract';
import { z } from 'zod';
import { replyOf, type App } from '../http-types.ts';
import { openLibvirtMaps, type LibvirtMaps } from '../libvirt-maps.ts';
import { problemReplies } from '../problem-replies.ts';

const tags = ['cpu-maps'];

/** libvirt's CPU maps: what it believes of models and features instead of asking QEMU. */
export function registerCpuMaps(app: App, maps: LibvirtMaps = openLibvirtMaps()): void {
  app.get(
    '/cpu-maps',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        summary: 'Releases of libvirt whose CPU map is known',
        response: { 200: replyOf(cpuMapListSchema) },
      },
    },
    async () => ({ releases: await listReleases(maps) }),
  );
  app.get(
    '/cpu-maps/:release',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        summary: 'The CPU map of a libvirt release: features by bit, models by feature',
        params: z.object({ release: libvirtReleaseSchema }),
        response: { 200: replyOf(libvirtCpuMapSchema), ...problemReplies(400, 404) },
      },
    },
    async ({ params: { release } }) => (await maps.of(release)).map,
  );
}

/** Beside the releases, the folder of the maps holds a file about them. */
async function listReleases(maps: LibvirtMaps): Promise<string[]> {
  const names = await maps.list();
  return names
    .filter((name) => libvirtReleaseSchema.safeParse(name).success)
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}
