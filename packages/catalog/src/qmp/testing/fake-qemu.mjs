// A program that plays QEMU by a script: the last argument is a list of steps in JSON, run one after the other.
// Only tests use it. Steps are documented by the type FakeQemuStep in fake-qemu.ts.
import { closeSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { createInterface } from 'node:readline';

const steps = JSON.parse(process.argv.at(-1));
const heard = [];
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

const write = (stream, text) => new Promise((resolve) => stream.write(text, () => resolve()));
const greeting = { QMP: { version: { qemu: { micro: 3, minor: 2, major: 1 }, package: 'fake' }, capabilities: [] } };

const surroundings = () => ({
  priority: getPriority(),
  cwd: process.cwd(),
  env: process.env,
  coreLimit: readFileSync('/proc/self/limits', 'utf8')
    .split('\n')
    .find((line) => line.startsWith('Max core file size')),
  // Fields of proc_pid_stat(5) behind the name in parentheses: state, ppid, pgrp, session.
  isSessionLeader: Number(readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1).split(' ')[3]) === process.pid,
});

const actions = {
  say: (text) => write(process.stdout, text),
  greet: () => write(process.stdout, `${JSON.stringify(greeting)}\r\n`),
  hear: async () => heard.push(JSON.parse((await lines.next()).value)),
  answer: (index, value) => write(process.stdout, `${JSON.stringify({ return: value, id: heard[index].id })}\r\n`),
  report: (index) => actions.answer(index, surroundings()),
  flood: async (sizeBytes) => {
    for (let sent = 0; sent < sizeBytes; sent += 65536) await write(process.stdout, 'x'.repeat(65536));
  },
  complain: (text) => write(process.stderr, text),
  exit: (status) => process.exit(status),
  kill: (signal) => process.kill(process.pid, signal),
  // `process.stdout.destroy()` leaves the descriptor open.
  'close-stdout': () => closeSync(1),
  'ignore-sigterm': () => void process.on('SIGTERM', () => {}),
  stay: () => new Promise(() => setInterval(() => {}, 1000)),
};

for (const [action, ...args] of steps) await actions[action](...args);
