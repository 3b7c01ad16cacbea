import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openStore, type OpenStoreOptions } from './open-store.ts';
import type { AuditEntry, Change, SessionRow, Store, TokenRow } from './store.ts';
import { contactOf, snapshotOf, snapshotsOf } from './testing/contact-samples.ts';
import { engineCases, type StorePlaces } from './testing/engine-cases.ts';

describe.each(engineCases)('$title', ({ engine, isAbsent, prepare }) => {
  let places: StorePlaces;
  const open: Store[] = [];
  beforeAll(async () => {
    if (!isAbsent) places = await prepare();
  }, 60_000);
  afterEach(async () => {
    for (const store of open.splice(0)) await store.close();
  });
  afterAll(async () => {
    if (!isAbsent) await places.close();
  }, 60_000);
  const openAt = async (url: string, options?: OpenStoreOptions): Promise<Store> => {
    const store = await openStore(url, options);
    open.push(store);
    return store;
  };
  const openNew = async (options?: OpenStoreOptions): Promise<Store> => openAt(await places.newUrl(), options);

  describe.skipIf(isAbsent)('contents', () => {
    it('gives snapshots back as they were, also after it was closed and opened', async () => {
      const url = await places.newUrl();
      const first = await openAt(url);
      expect(first.engine).toBe(engine);
      const big = snapshotOf({ hash: 'big', body: Buffer.alloc(3_000_000, 'ä') });
      await first.contents.putSnapshots([snapshotOf(), big]);
      await first.close();
      const second = await openAt(url);
      expect(await second.contents.snapshot('snapshot-1')).toEqual(snapshotOf());
      const found = await second.contents.snapshot('big');
      expect(Buffer.from(found?.body ?? []).equals(big.body)).toBe(true);
      expect(await second.contents.snapshot('snapshot-2')).toBeNull();
    });

    it('keeps the first of two snapshots of one hash', async () => {
      const { contents } = await openNew();
      await contents.putSnapshots([snapshotOf()]);
      await contents.putSnapshots([snapshotOf({ body: Buffer.from('other') }), snapshotOf({ hash: 'snapshot-2' })]);
      expect((await contents.snapshot('snapshot-1'))?.body).toEqual(snapshotOf().body);
      expect(await contents.knownSnapshots(['snapshot-1', 'snapshot-2', 'snapshot-3'])).toEqual(
        new Set(['snapshot-1', 'snapshot-2']),
      );
    });

    it('takes many snapshots at once and tells which of many are known', async () => {
      const { contents } = await openNew();
      const hashes = Array.from({ length: 2_500 }, (_, index) => `snapshot-${index}`);
      await contents.putSnapshots(snapshotsOf(hashes));
      expect(await contents.knownSnapshots([...hashes, ...hashes, 'x'])).toEqual(new Set(hashes));
    });

    it('finds one snapshot for each fingerprint', async () => {
      const { contents } = await openNew();
      await contents.putSnapshots([
        snapshotOf({ hash: 'b', fingerprint: 'one' }),
        snapshotOf({ hash: 'a', fingerprint: 'one' }),
        snapshotOf({ hash: 'c', fingerprint: 'two' }),
      ]);
      const found = await contents.snapshotsByFingerprint(['one', 'two', 'three', 'one']);
      expect([...found].map(([fingerprint, { hash }]) => [fingerprint, hash]).sort()).toEqual([
        ['one', 'a'],
        ['two', 'c'],
      ]);
      expect(found.get('two')).toEqual(snapshotOf({ hash: 'c', fingerprint: 'two' }));
      expect(await contents.snapshotsByFingerprint([])).toEqual(new Map());
    });

    it('lists catalogs, and tells of each new one once', async () => {
      const { contents, changes } = await openNew();
      const catalog = { hash: 'c1', version: '10.0.0', package: 'Debian', body: Buffer.from('{"a":1}') };
      await contents.putCatalog(catalog);
      await contents.putCatalog({ ...catalog, version: 'other' });
      expect(await contents.catalog('c1')).toEqual(catalog);
      expect(await contents.catalog('c2')).toBeNull();
      expect(await contents.catalogs()).toEqual([
        { hash: 'c1', version: '10.0.0', package: 'Debian', sizeBytes: 7, storedAtMs: expect.any(Number) },
      ]);
      expect(await changes.after(0, 10)).toMatchObject([{ id: 1, kind: 'catalog-new', subject: 'c1' }]);
    });

    it('replaces derived bytes', async () => {
      const { contents } = await openNew();
      const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
      await contents.putDerived(
        new Map([
          ['a', bytes],
          ['b', new Uint8Array()],
        ]),
      );
      await contents.putDerived(new Map([['a', bytes.subarray(1)]]));
      const found = await contents.derived(['a', 'b', 'c']);
      expect([...found].map(([key, value]) => [key, [...value]]).sort()).toEqual([
        ['a', [...bytes.subarray(1)]],
        ['b', []],
      ]);
    });
  });

  describe.skipIf(isAbsent)('contacts', () => {
    it('begins, continues and replaces observations', async () => {
      const { contents, observations, changes } = await openNew();
      await contents.putSnapshots(snapshotsOf(['snapshot-1', 'snapshot-2']));
      const [first, second, third] = await observations.recordContacts([
        contactOf(),
        contactOf({ seenAtMs: 1_100, collectedAtMs: 1_050 }),
        contactOf({ seenAtMs: 1_150, snapshotHash: 'snapshot-2', fingerprint: 'fingerprint-2' }),
      ]);
      expect([first?.kind, second?.kind, third?.kind]).toEqual(['new-host', 'contact', 'new-observation']);
      expect(second?.observationId).toBe(first?.observationId);
      expect(await observations.host('host-1')).toEqual({
        id: 'host-1',
        name: 'node host-1',
        labels: { rack: 'r1' },
        source: 'agent',
        snapshotHash: 'snapshot-2',
        fingerprint: 'fingerprint-2',
        observationId: third?.observationId,
        collectedAtMs: 900,
        firstSeenAtMs: 1_000,
        lastSeenAtMs: 1_150,
        agentVersion: '1.0.0',
        takesCommands: false,
      });
      expect(await observations.observations('host-1', { limit: 10 })).toMatchObject([
        { snapshotHash: 'snapshot-2', firstSeenAtMs: 1_150, lastSeenAtMs: 1_150 },
        { snapshotHash: 'snapshot-1', collectedAtMs: 900, firstSeenAtMs: 1_000, lastSeenAtMs: 1_100 },
      ]);
      expect((await changes.after(0, 10))?.map(({ kind }) => kind)).toEqual(['host-new', 'host-observed']);
    });

    const gaps: readonly (readonly [string, number, number])[] = [
      ['a silence as long as the gap continues the observation', 1_100, 1],
      ['a longer silence begins a new observation of the same snapshot', 1_101, 2],
    ];
    it.each(gaps)('%s', async (_title, seenAtMs, expected) => {
      const { contents, observations } = await openNew();
      await contents.putSnapshots([snapshotOf()]);
      await observations.recordContacts([contactOf()]);
      await observations.recordContacts([contactOf({ seenAtMs })]);
      expect(await observations.observations('host-1', { limit: 10 })).toHaveLength(expected);
    });

    it('does not move anything back for a late contact', async () => {
      const { contents, observations } = await openNew();
      await contents.putSnapshots(snapshotsOf(['snapshot-1', 'snapshot-2', 'snapshot-3']));
      await observations.recordContacts([contactOf({ seenAtMs: 1_000, snapshotHash: 'snapshot-2' })]);
      const before = await observations.host('host-1');
      const [late] = await observations.recordContacts([contactOf({ seenAtMs: 950 })]);
      expect(late?.kind).toBe('new-observation');
      expect(await observations.host('host-1')).toEqual({ ...before, firstSeenAtMs: 950 });
      expect((await observations.observationsAt(960)).map((row) => row.snapshotHash)).toEqual(['snapshot-1']);
      expect((await observations.observationsAt(1_000)).map((row) => row.snapshotHash)).toEqual(['snapshot-2']);
    });

    it('shows what a host looked like in between when a late contact tells of it', async () => {
      const { contents, observations } = await openNew();
      await contents.putSnapshots(snapshotsOf(['snapshot-1', 'snapshot-2']));
      await observations.recordContacts([contactOf({ seenAtMs: 1_000 }), contactOf({ seenAtMs: 1_100 })]);
      await observations.recordContacts([contactOf({ seenAtMs: 1_050, snapshotHash: 'snapshot-2' })]);
      const at = async (atMs: number): Promise<readonly string[]> =>
        (await observations.observationsAt(atMs)).map((row) => row.snapshotHash);
      expect(await at(1_049)).toEqual(['snapshot-1']);
      expect(await at(1_050)).toEqual(['snapshot-2']);
      expect(await at(1_100)).toEqual(['snapshot-1']);
      const host = await observations.host('host-1');
      const [newest] = await observations.observations('host-1', { limit: 1 });
      expect(host?.observationId).toBe(newest?.id);
      await observations.recordContacts([contactOf({ seenAtMs: 1_200 })]);
      expect(await observations.observations('host-1', { limit: 9 })).toMatchObject([
        { firstSeenAtMs: 1_051, lastSeenAtMs: 1_200 },
        { firstSeenAtMs: 1_050, lastSeenAtMs: 1_050 },
        { firstSeenAtMs: 1_000, lastSeenAtMs: 1_049 },
      ]);
    });

    it('refuses a contact whose snapshot is not stored, and only that one', async () => {
      const { contents, observations } = await openNew();
      await contents.putSnapshots([snapshotOf()]);
      const outcomes = await Promise.allSettled([
        observations.recordContacts([contactOf({ hostId: 'a' })]),
        observations.recordContacts([contactOf({ hostId: 'b' }), contactOf({ hostId: 'c', snapshotHash: 'lost' })]),
        observations.recordContacts([contactOf({ hostId: 'd' })]),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(outcomes[1]).toMatchObject({ reason: { code: 'SNAPSHOT_NOT_FOUND', where: 'lost' } });
      expect((await observations.hosts()).map(({ id }) => id)).toEqual(['a', 'd']);
    });

    it('records thousands of callers at once, each once', async () => {
      const { contents, observations, changes } = await openNew();
      await contents.putSnapshots([snapshotOf()]);
      const callers = Array.from({ length: 3_000 }, (_, index) =>
        observations.recordContacts([contactOf({ hostId: `host-${index % 1_500}`, seenAtMs: 1_000 + index })]),
      );
      const kinds = (await Promise.all(callers)).flat().map(({ kind }) => kind);
      expect(kinds.filter((kind) => kind === 'new-host')).toHaveLength(1_500);
      expect(await observations.hosts()).toHaveLength(1_500);
      const latest = await changes.latest();
      expect(await changes.after(0, 10_000)).toHaveLength(latest);
    });

    it('keeps text that databases are touchy about the same way on each engine', async () => {
      const { contents, observations } = await openNew();
      await contents.putSnapshots([snapshotOf()]);
      const labels = { 'quote"\'\\': '%_ \u0000 \ud800 ä 🦩', __proto__x: '$1 ?' };
      await observations.recordContacts([contactOf({ name: 'nul\0 half\ud800 flamingo 🦩', labels })]);
      const row = await observations.host('host-1');
      expect(row?.name).toBe('nul\ufffd half\ufffd flamingo 🦩');
      expect(row?.labels).toEqual(labels);
      await expect(observations.recordContacts([contactOf({ hostId: 'a\0b' })])).rejects.toMatchObject({
        code: 'REQUEST_INVALID',
      });
      await expect(observations.recordContacts([contactOf({ hostId: 'x'.repeat(600) })])).rejects.toMatchObject({
        code: 'REQUEST_INVALID',
      });
      await expect(observations.recordContacts([contactOf({ seenAtMs: Number.NaN })])).rejects.toMatchObject({
        code: 'REQUEST_INVALID',
      });
      expect(await observations.host('a\0b')).toBeNull();
    });

    it('sorts hosts by name as JavaScript does, whatever the database thinks of letters', async () => {
      const { contents, observations } = await openNew();
      await contents.putSnapshots([snapshotOf()]);
      const names = ['b', 'B', 'ä', 'a', 'A', 'z', '_', '10', '9', 'a b', 'a-b'];
      await observations.recordContacts(names.map((name, index) => contactOf({ hostId: `h${index}`, name })));
      expect((await observations.hosts()).map(({ name }) => name)).toEqual([...names].sort());
    });

    it('pages through a timeline without a line lost or twice', async () => {
      const { contents, observations } = await openNew();
      const hashes = Array.from({ length: 25 }, (_, index) => `snapshot-${index}`);
      await contents.putSnapshots(snapshotsOf(hashes));
      // All at one moment, so that only the ids tell them apart.
      await observations.recordContacts(hashes.map((snapshotHash) => contactOf({ snapshotHash })));
      const seen: string[] = [];
      for (let before: string | undefined; ;) {
        const page = await observations.observations('host-1', { before, limit: 7 });
        seen.push(...page.map((row) => row.snapshotHash));
        before = page.at(-1)?.id;
        if (before === undefined) break;
      }
      expect(seen).toEqual([...hashes].reverse());
      expect(await observations.observations('host-1', { before: 'unknown', limit: 5 })).toEqual([]);
    });
  });

  describe.skipIf(isAbsent)('hosts and operators', () => {
    it('lets the operator win over the agent until the label is taken back', async () => {
      const { contents, observations, changes } = await openNew();
      await contents.putSnapshots([snapshotOf()]);
      await observations.recordContacts([contactOf()]);
      const given = { name: 'mine', labels: { rack: 'r9', owner: 'me' } };
      expect(await observations.relabel('host-1', given)).toMatchObject(given);
      await observations.recordContacts([
        contactOf({ seenAtMs: 1_010, name: 'renamed', labels: { rack: 'r2', zone: 'z' } }),
      ]);
      expect(await observations.host('host-1')).toMatchObject({
        name: 'mine',
        labels: { rack: 'r9', owner: 'me', zone: 'z' },
      });
      expect(await observations.relabel('host-1', { name: '', labels: {} })).toMatchObject({
        name: 'renamed',
        labels: { rack: 'r2', zone: 'z' },
      });
      expect(await observations.relabel('nobody', { name: 'x' })).toBeNull();
      expect((await changes.after(0, 9))?.map(({ kind }) => kind)).toEqual([
        'host-new',
        'host-relabelled',
        'host-relabelled',
      ]);
    });

    it('takes a removed host out of all lists until it is heard again', async () => {
      const { contents, observations, changes, nowMs } = await openNew();
      await contents.putSnapshots([snapshotOf()]);
      await observations.recordContacts([contactOf({ seenAtMs: nowMs() })]);
      expect(await observations.remove('host-1')).toBe(true);
      expect(await observations.remove('host-1')).toBe(false);
      expect(await observations.host('host-1')).toBeNull();
      expect(await observations.hosts()).toEqual([]);
      expect(await observations.observationsAt(nowMs())).toEqual([]);
      expect(await observations.relabel('host-1', { name: 'x' })).toBeNull();
      expect(await observations.observations('host-1', { limit: 5 })).toHaveLength(1);
      await observations.recordContacts([contactOf({ seenAtMs: 1_000 })]);
      expect(await observations.hosts(), 'a contact of before the removal').toEqual([]);
      const [back] = await observations.recordContacts([contactOf({ seenAtMs: nowMs() + 1, gapAfterMs: 1e6 })]);
      expect(back?.kind).toBe('new-host');
      expect(await observations.hosts()).toHaveLength(1);
      expect((await changes.after(0, 9))?.map(({ kind }) => kind)).toEqual([
        'host-new',
        'host-removed',
        'host-observed',
        'host-new',
      ]);
    });
  });

  describe.skipIf(isAbsent)('access', () => {
    const token: Omit<TokenRow, 'lastUsedAtMs' | 'revokedAtMs'> = {
      id: 't1',
      name: 'rack 1',
      role: 'agent',
      hostId: null,
      createdAtMs: 5,
      createdBy: 'local',
      expiresAtMs: null,
    };

    it('finds tokens by their secret only, and keeps revoked ones revoked', async () => {
      const { access } = await openNew();
      await access.createToken(token, 'hash-1');
      expect(await access.tokensBySecretHash(['hash-1', 'hash-2', 'hash-1'])).toEqual(
        new Map([['hash-1', { ...token, lastUsedAtMs: null, revokedAtMs: null }]]),
      );
      expect(await access.revokeToken('t1', 70)).toBe(true);
      expect(await access.revokeToken('t1', 80)).toBe(false);
      expect(await access.revokeToken('t2', 80)).toBe(false);
      expect(await access.tokens()).toMatchObject([{ id: 't1', revokedAtMs: 70 }]);
      expect(await access.tokensRevokedSince(70)).toEqual(['hash-1']);
      expect(await access.tokensRevokedSince(71)).toEqual([]);
    });

    it('binds an agent to one host, whoever asks first', async () => {
      const { access } = await openNew();
      await access.createToken(token, 'hash-1');
      await access.createToken({ ...token, id: 't2', role: 'viewer' }, 'hash-2');
      const hosts = Array.from({ length: 10 }, (_, index) => `host-${index}`);
      const bound = await Promise.all(hosts.map((host) => access.bindToken('t1', host)));
      expect(bound.filter(Boolean)).toHaveLength(1);
      const host = hosts[bound.indexOf(true)] ?? '';
      expect(await access.bindToken('t1', host), 'the same host again').toBe(true);
      expect((await access.tokensBySecretHash(['hash-1'])).get('hash-1')?.hostId).toBe(host);
      expect(await access.bindToken('t2', 'host-1'), 'not an agent').toBe(false);
    });

    it('never moves the last use of a token back', async () => {
      const { access } = await openNew();
      const ids = Array.from({ length: 520 }, (_, index) => `t${index}`);
      await Promise.all(ids.map((id) => access.createToken({ ...token, id }, `hash-${id}`)));
      await access.touchTokens(new Map(ids.map((id, index) => [id, index])));
      await access.touchTokens(
        new Map([
          ['t7', 3],
          ['t8', 999],
          ['unknown', 5],
        ]),
      );
      const used = new Map((await access.tokens()).map((row) => [row.id, row.lastUsedAtMs]));
      expect([used.get('t7'), used.get('t8'), used.get('t519')]).toEqual([7, 999, 519]);
    });

    it('keeps sessions until they are deleted or over', async () => {
      const { access, applyRetention, nowMs } = await openNew();
      const session: SessionRow = {
        secretHash: 's1',
        subject: 'oidc:1',
        displayName: 'Ada',
        role: 'operator',
        createdAtMs: 1,
        expiresAtMs: nowMs() + 60_000,
      };
      await access.createSession(session);
      await access.createSession({ ...session, secretHash: 's2', expiresAtMs: nowMs() - 1_000 });
      expect(await access.session('s1')).toEqual(session);
      await applyRetention({ observationsMs: null, auditMs: null, changesMs: 60_000 });
      expect(await access.session('s2')).toBeNull();
      expect(await access.session('s1')).toEqual(session);
      await access.deleteSession('s1');
      expect(await access.session('s1')).toBeNull();
    });

    it('extends sessions that are there, and never brings their end nearer', async () => {
      const { access } = await openNew();
      const session: SessionRow = {
        ...{ secretHash: 's1', subject: 'oidc:1', displayName: 'Ada', role: 'operator' as const },
        ...{ createdAtMs: 1, expiresAtMs: 60_000 },
      };
      await access.createSession(session);
      expect(await Promise.all([90_000, 70_000].map((untilMs) => access.extendSession('s1', untilMs)))).toEqual([
        true,
        true,
      ]);
      expect(await access.session('s1')).toEqual({ ...session, expiresAtMs: 90_000 });
      await access.deleteSession('s1');
      expect(await access.extendSession('s1', 120_000)).toBe(false);
      expect(await access.session('s1')).toBeNull();
    });
  });

  describe.skipIf(isAbsent)('audit', () => {
    it('lists newest first, in pages, with details as they were', async () => {
      const { audit } = await openNew();
      const entry: AuditEntry = {
        atMs: 1,
        actor: 'token:1',
        role: 'operator',
        action: 'host.remove',
        target: 'host-1',
        detail: { reason: 'nul \0', count: 2, isForced: true, note: null },
      };
      await audit.append([entry, { ...entry, target: 'host-2' }]);
      await Promise.all(['3', '4'].map((name) => audit.append([{ ...entry, target: `host-${name}` }])));
      const first = await audit.list({ limit: 3 });
      const second = await audit.list({ before: first.at(-1)?.id, limit: 3 });
      expect([...first, ...second].map(({ target }) => target)).toEqual(['host-4', 'host-3', 'host-2', 'host-1']);
      expect(second[0]?.detail).toEqual(entry.detail);
    });
  });

  describe.skipIf(isAbsent)('changes', () => {
    const catalog = (hash: string) => ({ hash, version: '1', package: 'p', body: Buffer.from('{}') });

    it('tells followers every change in order, until they leave', async () => {
      const { contents, changes } = await openNew();
      const heard: Change[] = [];
      const leave = changes.subscribe((lines) => heard.push(...lines));
      await Promise.all(Array.from({ length: 40 }, (_, index) => contents.putCatalog(catalog(`c${index}`))));
      await expect.poll(() => heard.length).toBe(40);
      expect(heard).toEqual(await changes.after(0, 100));
      expect(heard.map(({ id }) => id)).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
      leave();
      await contents.putCatalog(catalog('after'));
      await expect.poll(() => changes.latest()).toBe(41);
      expect(heard).toHaveLength(40);
    });

    it('goes on for others when one follower throws', async () => {
      const troubles: string[] = [];
      const { contents, changes } = await openNew({ onTrouble: ({ code }) => troubles.push(code) });
      const heard: Change[] = [];
      changes.subscribe(() => {
        throw new Error('broken');
      });
      changes.subscribe((lines) => heard.push(...lines));
      await contents.putCatalog(catalog('c1'));
      await expect.poll(() => heard.length).toBe(1);
      expect(troubles).toEqual(['INTERNAL']);
    });

    it('says when a follower is too far behind, or is of another store', async () => {
      const { contents, changes, applyRetention } = await openNew();
      expect(await changes.latest()).toBe(0);
      expect(await changes.after(0, 10)).toEqual([]);
      expect(await changes.after(5, 10), 'a line that was never written').toBeNull();
      for (const hash of ['c1', 'c2', 'c3']) await contents.putCatalog(catalog(hash));
      expect((await changes.after(1, 1))?.map(({ id }) => id)).toEqual([2]);
      await new Promise((resolve) => setTimeout(resolve, 5));
      const report = await applyRetention({ observationsMs: null, auditMs: null, changesMs: 1 });
      expect(report.changes).toBe(3);
      expect(await changes.after(2, 10)).toBeNull();
      expect(await changes.after(3, 10)).toEqual([]);
      await contents.putCatalog(catalog('c4'));
      expect(await changes.after(2, 10)).toBeNull();
      expect(await changes.after(3, 10)).toMatchObject([{ id: 4, subject: 'c4' }]);
    });
  });

  describe.skipIf(isAbsent)('retention', () => {
    const hourMs = 3_600_000;

    /** A clock of this machine that the test turns forward. */
    function turnedClock(): { turn(byMs: number): void; readonly options: OpenStoreOptions } {
      let aheadMs = 0;
      return {
        turn: (byMs) => void (aheadMs += byMs),
        options: {
          machine: { wallMs: () => Date.now() + aheadMs, monotonicMs: () => performance.now() + aheadMs },
        },
      };
    }

    it('forgets what ended long ago, never what is current, and the snapshots that nobody refers to', async () => {
      const clock = turnedClock();
      const { contents, observations, applyRetention, nowMs } = await openNew(clock.options);
      await contents.putSnapshots(snapshotsOf(['old', 'older', 'current', 'stray', 'silent']));
      const startMs = nowMs();
      await observations.recordContacts([
        contactOf({ snapshotHash: 'older', seenAtMs: startMs }),
        contactOf({ snapshotHash: 'old', seenAtMs: startMs + hourMs }),
        contactOf({ snapshotHash: 'current', seenAtMs: startMs + 2 * hourMs }),
        contactOf({ hostId: 'silent', snapshotHash: 'silent', seenAtMs: startMs }),
      ]);
      clock.turn(2 * hourMs + 1_000);
      await contents.putSnapshots([snapshotOf({ hash: 'fresh' })]);
      const policy = { observationsMs: 1.5 * hourMs, auditMs: null, changesMs: 24 * hourMs };
      expect(await applyRetention(policy)).toEqual({
        observations: 1,
        snapshots: 2,
        auditLines: 0,
        changes: 0,
        derived: 0,
      });
      const kept = ['old', 'current', 'fresh', 'silent'];
      expect(await contents.knownSnapshots(['older', 'stray', ...kept])).toEqual(new Set(kept));
      expect((await observations.hosts()).map(({ id }) => id)).toEqual(['host-1', 'silent']);
      expect(await applyRetention(policy)).toMatchObject({ observations: 0, snapshots: 0 });
    });

    it('does not take a snapshot that was just sent again', async () => {
      const clock = turnedClock();
      const { contents, applyRetention } = await openNew(clock.options);
      await contents.putSnapshots([snapshotOf()]);
      clock.turn(3 * hourMs);
      await contents.putSnapshots([snapshotOf()]);
      const policy = { observationsMs: 0, auditMs: null, changesMs: hourMs };
      expect(await applyRetention(policy)).toMatchObject({ snapshots: 0 });
      clock.turn(3 * hourMs);
      expect(await applyRetention(policy)).toMatchObject({ snapshots: 1 });
    });

    it('forgets a removed host with its past, unless it was heard again', async () => {
      const clock = turnedClock();
      const { contents, observations, applyRetention, nowMs } = await openNew(clock.options);
      await contents.putSnapshots([snapshotOf()]);
      await observations.recordContacts(['gone', 'back'].map((hostId) => contactOf({ hostId, seenAtMs: nowMs() })));
      await observations.remove('gone');
      await observations.remove('back');
      clock.turn(5 * hourMs);
      await observations.recordContacts([contactOf({ hostId: 'back', seenAtMs: nowMs() })]);
      const policy = { observationsMs: hourMs, auditMs: null, changesMs: 24 * hourMs };
      expect(await applyRetention(policy)).toMatchObject({ observations: 2, snapshots: 0 });
      expect(await observations.observations('gone', { limit: 5 })).toEqual([]);
      expect(await observations.observations('back', { limit: 5 })).toHaveLength(1);
      const [again] = await observations.recordContacts([contactOf({ hostId: 'gone', seenAtMs: nowMs() })]);
      expect(again?.kind).toBe('new-host');
    });

    it('forgets audit lines, changes and derived entries by age, in any number', async () => {
      const clock = turnedClock();
      const { contents, observations, audit, changes, applyRetention, nowMs } = await openNew(clock.options);
      const entry: AuditEntry = {
        atMs: nowMs(),
        actor: 'local',
        role: 'operator',
        action: 'a.b',
        target: 'old',
        detail: {},
      };
      await audit.append(Array.from({ length: 1_500 }, () => entry));
      await contents.putSnapshots([snapshotOf()]);
      await observations.recordContacts(
        Array.from({ length: 2_500 }, (_, index) => contactOf({ hostId: `host-${index}`, seenAtMs: nowMs() })),
      );
      await contents.putDerived(new Map([['old', new Uint8Array(8)]]));
      clock.turn(2 * hourMs);
      await audit.append([{ ...entry, target: 'new' }]);
      await contents.putDerived(new Map([['new', new Uint8Array(8)]]));
      await contents.putCatalog({ hash: 'new', version: '1', package: 'p', body: Buffer.from('{}') });
      const policy = { observationsMs: null, auditMs: hourMs, changesMs: hourMs, derivedMs: hourMs };
      expect(await applyRetention(policy)).toEqual({
        observations: 0,
        snapshots: 0,
        auditLines: 1_500,
        changes: 2_500,
        derived: 1,
      });
      expect((await audit.list({ limit: 5 })).map(({ target }) => target)).toEqual(['new']);
      expect([...(await contents.derived(['old', 'new'])).keys()]).toEqual(['new']);
      expect(await changes.after(2_500, 5)).toMatchObject([{ id: 2_501, subject: 'new' }]);
    });
  });

  describe.skipIf(isAbsent)('the whole', () => {
    it('is checked, and closed once and for all', async () => {
      const store = await openNew();
      await store.check();
      const pending = store.contents.putSnapshots([snapshotOf()]).catch((error: unknown) => error);
      await Promise.all([store.close(), store.close()]);
      expect([undefined, expect.objectContaining({ code: 'STORE_FAILED' })]).toContainEqual(await pending);
      await expect(store.check()).rejects.toMatchObject({ code: 'STORE_FAILED' });
      await expect(store.observations.recordContacts([contactOf()])).rejects.toMatchObject({ code: 'STORE_FAILED' });
    });

    it('has a clock that does not go back when it is opened again', async () => {
      const url = await places.newUrl();
      const first = await openAt(url);
      await first.contents.putSnapshots([snapshotOf()]);
      const aheadMs = first.nowMs() + 60_000;
      await first.observations.recordContacts([contactOf({ seenAtMs: aheadMs })]);
      await first.close();
      const second = await openAt(url);
      expect(second.nowMs()).toBeGreaterThanOrEqual(aheadMs);
      expect(second.nowMs()).toBeLessThan(aheadMs + 20_000);
    });
  });
});
