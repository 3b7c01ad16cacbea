import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { qemuExitOf } from './qemu-exit.ts';
import { launchQemu, type QemuLaunch, type QemuProcess } from './qemu-process.ts';
import { installFakeQemu, negotiation, type FakeQemuStep } from './testing/fake-qemu.ts';
import { processesLeft } from './testing/processes.ts';

const fake = installFakeQemu();
afterAll(fake.remove);

/** In the command line of every process of one test; none may be left after it. */
let marker = '';
const launched: QemuProcess[] = [];
const openPipes = countPipes();

afterEach(async () => {
  for (const qemu of launched.splice(0)) await qemu.dispose();
  expect(await processesLeft(marker)).toEqual([]);
  await expect.poll(countPipes).toBe(openPipes);
});

function countPipes(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'PipeWrap' || kind === 'ProcessWrap').length;
}

async function launch(steps: readonly FakeQemuStep[], options: Partial<QemuLaunch> = {}): Promise<QemuProcess> {
  marker = `cpu-atlas-test-${randomUUID()}`;
  const extraArgs = [marker, JSON.stringify(steps)];
  const launch = { binary: fake.binary, machine: 'q35', accel: 'tcg', timeoutMs: 5_000, ...options, extraArgs };
  const qemu = await launchQemu(launch);
  launched.push(qemu);
  return qemu;
}

const failed = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expect.fail('it did not fail'),
    (error: unknown) => error,
  );

describe('a launch that fails says how, and leaves no process', () => {
  test.each<{
    name: string;
    steps: readonly FakeQemuStep[];
    options?: Partial<QemuLaunch>;
    code: string;
    says: string;
    exit: unknown;
  }>([
    {
      name: 'exit before the greeting',
      steps: [
        ['complain', "qemu: unable to find CPU model 'X'\n"],
        ['exit', 1],
      ],
      code: 'QEMU_DIED',
      says: "exit status 1: qemu: unable to find CPU model 'X'",
      exit: { status: 1, signal: null, stderr: "qemu: unable to find CPU model 'X'\n" },
    },
    {
      name: 'success without a word, like `-cpu help`',
      steps: [['exit', 0]],
      code: 'QEMU_DIED',
      says: 'exit status 0, without a word',
      exit: { status: 0, signal: null, stderr: '' },
    },
    {
      name: 'an abort during the negotiation',
      steps: [['greet'], ['hear'], ['complain', 'failed to set MSR 0x10a\n'], ['kill', 'SIGABRT']],
      code: 'QEMU_DIED',
      says: 'killed by SIGABRT: failed to set MSR 0x10a',
      exit: { status: null, signal: 'SIGABRT', stderr: 'failed to set MSR 0x10a\n' },
    },
    {
      name: 'a program that cannot be executed',
      steps: [
        ['complain', 'error while loading shared libraries\n'],
        ['exit', 127],
      ],
      code: 'QEMU_LAUNCH_FAILED',
      says: 'error while loading shared libraries',
      exit: { status: 127, signal: null, stderr: 'error while loading shared libraries\n' },
    },
    {
      name: 'half a greeting',
      steps: [
        ['say', '{"QMP": {"version"'],
        ['exit', 0],
      ],
      code: 'QEMU_DIED',
      says: 'ended in the middle of a reply',
      exit: { status: 0, signal: null, stderr: '' },
    },
    {
      name: 'silence',
      steps: [['complain', 'waiting\n'], ['stay']],
      options: { timeoutMs: 2_500 },
      code: 'QEMU_TIMEOUT',
      says: 'no QMP greeting within 2500 ms; it had printed: waiting',
      exit: { status: null, signal: 'SIGTERM', stderr: 'waiting\n' },
    },
    {
      name: 'silence, and SIGTERM is ignored',
      steps: [['ignore-sigterm'], ['stay']],
      options: { timeoutMs: 700 },
      code: 'QEMU_TIMEOUT',
      says: 'no QMP greeting within 700 ms',
      exit: null,
    },
  ])('$name', async ({ steps, options, code, says, exit }) => {
    const error = await failed(launch(steps, options));
    expect(error).toMatchObject({ code, message: expect.stringContaining(says) });
    expect(error).toMatchObject({ where: `${fake.binary} -machine q35 -accel tcg` });
    if (exit !== null) expect(qemuExitOf(error)).toEqual(exit);
  });

  test.each<{ name: string; steps: readonly FakeQemuStep[]; says: string }>([
    { name: 'garbage', steps: [['say', 'Hello, world\n'], ['stay']], says: 'a line is not JSON: "Hello, world"' },
    { name: 'a line of 70 MB', steps: [['flood', 70_000_000], ['stay']], says: 'longer than 67108864 bytes' },
  ])('$name is QMP_PROTOCOL', async ({ steps, says }) => {
    const error = await failed(launch(steps));
    expect(error).toMatchObject({ code: 'QMP_PROTOCOL', message: expect.stringContaining(says) });
  });

  test.each([
    { name: 'with a zero byte', cpu: 'qemu64\0,+avx' },
    { name: 'too long for the kernel', cpu: 'x'.repeat(4_000_000) },
  ])('an argument $name is QEMU_LAUNCH_FAILED', async ({ cpu }) => {
    const error = await failed(launch([], { cpu }));
    expect(error).toMatchObject({ code: 'QEMU_LAUNCH_FAILED', message: expect.stringMatching(/^.{1,300}$/s) });
  });

  test.each([
    { name: 'a missing binary', binary: '/nonexistent/qemu' },
    { name: 'a name that is not in PATH', binary: 'no-such-qemu-anywhere' },
    { name: 'a folder', binary: '/' },
    { name: 'a file that is not executable', binary: '/etc/passwd' },
  ])('$name is QEMU_NOT_FOUND', async ({ binary }) => {
    expect(await failed(launch([], { binary }))).toMatchObject({ code: 'QEMU_NOT_FOUND', where: binary });
  });
});

describe('a running QEMU', () => {
  test('answers, and disposing of it ends it, as often as one likes', async () => {
    const qemu = await launch([...negotiation, ['hear'], ['answer', 1, [1, 2]], ['stay']]);
    await expect(qemu.client.execute('query-x')).resolves.toEqual([1, 2]);
    await expect(qemu.dispose()).resolves.toMatchObject({ signal: 'SIGTERM' });
    await expect(qemu.dispose()).resolves.toMatchObject({ signal: 'SIGTERM' });
    expect(() => process.kill(qemu.pid, 0)).toThrow('ESRCH');
  });

  test('that ignores SIGTERM is killed', async () => {
    const qemu = await launch([['ignore-sigterm'], ...negotiation, ['stay']]);
    await expect(qemu.dispose()).resolves.toMatchObject({ signal: 'SIGKILL' });
  });

  test('answers out of order, with events in between', async () => {
    const qemu = await launch([
      ...negotiation,
      ...([['hear'], ['hear'], ['say', '{"event": "STOP"}\n'], ['answer', 2, 'second']] as const),
      ...([
        ['say', '{"event": "RESUME"}\n{"eve'],
        ['say', 'nt": "RESET"}\n'],
        ['answer', 1, 'first'],
        ['stay'],
      ] as const),
    ]);
    await expect(Promise.all([qemu.client.execute('a'), qemu.client.execute('b')])).resolves.toEqual([
      'first',
      'second',
    ]);
    expect(qemu.client.events.map((event) => event.name)).toEqual(['STOP', 'RESUME', 'RESET']);
  });

  test('that dies in the middle of a reply fails all that wait, with its last words', async () => {
    const qemu = await launch([
      ...negotiation,
      ...([['hear'], ['hear'], ['say', '{"return": {"half": '], ['complain', 'oh no\n'], ['kill', 'SIGSEGV']] as const),
    ]);
    const waiting = ['a', 'b'].map((command) => failed(qemu.client.execute(command)));
    for (const [i, error] of (await Promise.all(waiting)).entries()) {
      expect(error).toMatchObject({
        code: 'QEMU_DIED',
        where: 'ab'[i],
        message: 'QEMU ended in the middle of a reply, killed by SIGSEGV: oh no',
      });
      expect(qemuExitOf(error)).toEqual({ status: null, signal: 'SIGSEGV', stderr: 'oh no\n' });
    }
    await expect(qemu.exited).resolves.toMatchObject({ signal: 'SIGSEGV' });
  });

  test('that closes its standard output and lives on is QEMU_DIED and can be disposed of', async () => {
    const qemu = await launch([...negotiation, ['hear'], ['close-stdout'], ['stay']]);
    expect(await failed(qemu.client.execute('a'))).toMatchObject({
      code: 'QEMU_DIED',
      message: `QEMU (pid ${qemu.pid}) closed its QMP stream and still runs`,
    });
    await expect(qemu.dispose()).resolves.toMatchObject({ signal: 'SIGTERM' });
  });

  test('that never answers is QEMU_TIMEOUT, for that command only', async () => {
    const qemu = await launch([...negotiation, ['hear'], ['hear'], ['answer', 2, 'yes'], ['stay']]);
    const silent = failed(qemu.client.execute('a', {}, { timeoutMs: 100 }));
    await expect(qemu.client.execute('b')).resolves.toBe('yes');
    expect(await silent).toMatchObject({ code: 'QEMU_TIMEOUT', where: 'a' });
  });

  test('that quits is waited for', async () => {
    const qemu = await launch([...negotiation, ['hear'], ['answer', 1, {}], ['complain', 'bye\n'], ['exit', 0]]);
    await expect(qemu.quit()).resolves.toEqual({ status: 0, signal: null, stderr: 'bye\n' });
  });

  test('that quits before its reply is out is waited for', async () => {
    const qemu = await launch([...negotiation, ['hear'], ['exit', 0]]);
    await expect(qemu.quit()).resolves.toMatchObject({ status: 0 });
  });

  test('that crashes instead of quitting is QEMU_DIED', async () => {
    const qemu = await launch([...negotiation, ['hear'], ['kill', 'SIGSEGV']]);
    expect(await failed(qemu.quit())).toMatchObject({ code: 'QEMU_DIED', where: 'quit' });
  });

  test('that says it quits and does not is QEMU_TIMEOUT', async () => {
    const qemu = await launch([...negotiation, ['hear'], ['answer', 1, {}], ['stay']]);
    expect(await failed(qemu.quit({ timeoutMs: 300 }))).toMatchObject({ code: 'QEMU_TIMEOUT' });
  });

  test('that prints without end keeps the first and the last of it', async () => {
    const words = Array.from({ length: 8_000 }, (_, i) => `warning ${i}\n`).join('');
    const qemu = await launch([['complain', words], ...negotiation, ['stay']]);
    await expect.poll(() => qemu.stderr()).toMatch(/^warning 0\n[^…]*… \d+ bytes left out …/);
    expect(qemu.stderr().length).toBeLessThan(66 * 1024);
  });

  test('is niced, has no terminal, no core file, no environment of ours', async () => {
    const qemu = await launch([...negotiation, ['hear'], ['report', 1], ['stay']]);
    const answer = await qemu.client.execute('report');
    expect(answer).toMatchObject({ priority: 10, cwd: '/', env: { LC_ALL: 'C' }, isSessionLeader: true });
    expect(answer).toMatchObject({ coreLimit: expect.stringMatching(/^Max core file size +0 /) });
    expect(answer).not.toHaveProperty('env.HOME');
  });
});
