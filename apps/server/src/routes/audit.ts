import { auditListSchema, pageQuerySchema, type AuditLine } from '@cpu-atlas/contract';
import { replyOf, type App } from '../http-types.ts';
import { problemReplies } from '../problem-replies.ts';
import type { AuditRow, Store } from '../store/store.ts';

/** Who changed what. */
export function registerAudit(app: App, { audit }: Pick<Store, 'audit'>): void {
  app.get(
    '/audit',
    {
      config: { access: 'operator' },
      schema: {
        tags: ['access'],
        summary: 'Who changed what, newest first',
        querystring: pageQuerySchema,
        response: { 200: replyOf(auditListSchema), ...problemReplies(400, 401, 403) },
      },
    },
    async ({ query: { cursor, limit } }) => {
      const rows = await audit.list({ before: cursor, limit });
      return { items: rows.map(describeLine), nextCursor: rows.length < limit ? null : (rows.at(-1)?.id ?? null) };
    },
  );
}

function describeLine({ atMs, ...line }: AuditRow): AuditLine {
  return { ...line, at: new Date(atMs).toISOString() };
}
