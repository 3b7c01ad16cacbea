import { reportRequestSchema } from '@cpu-atlas/contract';
import { z } from 'zod';
import type { CubeService } from '../cube/cube-service.ts';
import type { App } from '../http-types.ts';
import { problemReplies } from '../problem-replies.ts';
import { makeReport } from '../reports/report-service.ts';
import { cutReport, writeReport } from '../reports/report-stream.ts';
import type { Services } from '../services.ts';

/** Answers to take away: matrices, pivots, comparisons, plans, hosts and mitigations as files. */
export function registerReports(app: App, services: Services, cubes: CubeService): void {
  app.post(
    '/reports',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['reports'],
        summary: 'An answer as CSV, XLSX, JSON, Markdown, HTML or PDF',
        description:
          'Names the snapshots, QEMU builds and options that it was made from; equal answers are equal bytes. ' +
          'See docs/reports.md.',
        body: reportRequestSchema,
        response: { 200: z.unknown().describe('The file'), ...problemReplies(400, 404, 413, 422, 503) },
      },
    },
    async ({ body }, reply) => {
      await services.readAllCatalogs();
      const report = cutReport(await makeReport({ services, cubes }, body), body.maxRows);
      const { mediaType, fileName, body: bytes } = await writeReport(report, body.format);
      return reply.header('content-disposition', `attachment; filename="${fileName}"`).type(mediaType).send(bytes);
    },
  );
}
