import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findPostgres, startPostgres, type TestPostgres } from '../../testing/postgres.ts';
import { listenForChanges } from './change-announcements.ts';
import { connectionConfig } from './connection-pool.ts';

const isAbsent = findPostgres() === null;
const title = isAbsent ? 'announcements (skipped: initdb is not installed)' : 'announcements';

describe.skipIf(isAbsent)(title, () => {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await startPostgres();
  }, 60_000);
  afterAll(() => server.close(), 60_000);

  it('arrive by NOTIFY, so that polling is seldom; and again after the connection was lost', async () => {
    const url = await server.createDatabase();
    const listener = listenForChanges(connectionConfig(url), 'this hub');
    expect(listener.pollMs(), 'nothing was heard yet').toBeLessThan(1_000);
    const other = new Client({ connectionString: url });
    await other.connect();
    try {
      let heard = 0;
      listener.subscribe(() => (heard += 1));
      await expect.poll(() => listener.pollMs(), { timeout: 5_000 }).toBeGreaterThan(1_000);
      const before = heard;
      await other.query("select pg_notify('atlas_changes', 'this hub')");
      await other.query("select pg_notify('atlas_changes', 'another hub')");
      await expect.poll(() => heard).toBe(before + 1);
      await other.query(`select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen%'
        or (application_name = 'cpu-atlas' and pid <> pg_backend_pid())`);
      await expect.poll(() => listener.pollMs()).toBeLessThan(1_000);
      await expect.poll(() => listener.pollMs(), { timeout: 5_000 }).toBeGreaterThan(1_000);
    } finally {
      await other.end();
      await listener.close();
    }
  });
});
