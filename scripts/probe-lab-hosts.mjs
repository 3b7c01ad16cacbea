/**
 * Records the hosts `data/snapshots/lab-*` that come from kvmlab: real Debian kernels with an ordinary kvm_amd, probed by
 * the built product on an emulated AMD CPU. Each run takes half a minute.
 *
 *     CPU_ATLAS_KVMLAB=/path/to/lab.py node scripts/probe-lab-hosts.mjs [NAME…]
 *
 * The kernels and QEMU releases that a host names must be there: `KVMLAB_DIR/k/RELEASE` and, for a QEMU other than the
 * one in /usr/bin, `CPU_ATLAS_LAB_QEMU_10_0=/folder/with/its/binary`.
 */

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { render } from './render-json.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const target = join(root, 'data', 'snapshots');
const labScript = process.env.CPU_ATLAS_KVMLAB;
const labFolder = process.env.KVMLAB_DIR ?? join(homedir(), '.cache', 'kvmlab');

const rome = 'EPYC-Rome,+svm,+npt';
const milan = 'EPYC-Milan,+svm,+npt';
/** A Milan that claims what the emulator lacks; nothing executes it while a QEMU is paused. */
const forced =
  'EPYC-Milan,+svm,+npt,x-force-features=on,-sha-ni,-pcid,-invpcid,-xsavec,-xsaves,-rdpid,-rdseed,+invtsc,+lbrv,+nrip-save,+tsc-scale,+vmcb-clean,+flushbyasid,+decodeassists,+pause-filter,+pfthreshold,+vgif,+v-vmsave-vmload';

/** One state of one host. `earlier` states of a host go into a folder of their own. */
const states = [
  { name: 'lab-rome-a', earlier: true, cpu: rome, kernel: '5.10', modules: 'kvm-amd.nested=1', qemu: ['7.2'] },
  { name: 'lab-rome-a', cpu: rome, kernel: '6.12', modules: 'kvm-amd.nested=1', qemu: ['10.0'] },
  { name: 'lab-rome-b', cpu: rome, kernel: '5.10', modules: 'kvm-amd.nested=1', qemu: ['7.2'] },
  { name: 'lab-milan-a', earlier: true, cpu: milan, kernel: '6.12', modules: 'kvm-amd.nested=0', qemu: ['10.0'] },
  { name: 'lab-milan-a', cpu: milan, kernel: '6.12', modules: 'kvm-amd.nested=1', qemu: ['10.0'] },
  { name: 'lab-milan-b', earlier: true, cpu: forced, kernel: '7.3', modules: 'kvm-amd.nested=1', qemu: ['10.0'] },
  { name: 'lab-milan-b', cpu: forced, kernel: '7.3', modules: 'kvm-amd.nested=1', qemu: ['11.1'] },
  { name: 'lab-epyc-a', cpu: 'EPYC,+svm,+npt', kernel: '7.3', modules: 'kvm-amd.nested=1', qemu: ['10.0', '11.1'] },
];

function searchPathOf(releases) {
  const usual = '/usr/sbin:/usr/bin:/sbin:/bin';
  const folders = releases.filter((release) => release !== '7.2').map(folderOfQemu);
  return [...folders, usual].join(':');
}

function folderOfQemu(release) {
  const variable = `CPU_ATLAS_LAB_QEMU_${release.replace('.', '_')}`;
  const folder = process.env[variable];
  if (folder === undefined) throw new Error(`${variable} names no folder with QEMU ${release}`);
  return folder;
}

/** The snapshot as probed; names, ids and paths of the lab are replaced, and only the QEMUs asked for are kept. */
function tidy(probed, { name, cpu, qemu }) {
  const generation = `emulated ${cpu.split(',')[0]}`;
  const binaries = probed.qemu.filter(({ version }) => qemu.some((release) => version.startsWith(`${release}.`)));
  if (binaries.length !== qemu.length) throw new Error(`${name}: found ${binaries.length} of ${qemu.length} QEMUs`);
  return {
    schema: probed.schema,
    host: { id: `demo:${name}`, name, labels: { generation } },
    collectedAt: probed.collectedAt.replace(/\.\d+Z$/, 'Z'),
    collector: probed.collector,
    hardware: probed.hardware,
    kernel: probed.kernel,
    qemu: binaries.map((binary) => ({ ...binary, path: `lab/qemu-${binary.version}` })),
  };
}

function record(state) {
  const { name, cpu, kernel, modules, qemu, earlier = false } = state;
  const share = `${name}-${kernel}`;
  const atlas = process.env.CPU_ATLAS_LAB_PRODUCT ?? join(root, 'apps/cli/bin/cpu-atlas.js');
  const script = `hostname ${name}; ${process.execPath} ${atlas} probe --out /lab/snapshot.json`;
  const run = spawnSync(
    labScript,
    [
      '--name',
      share,
      '--cpu',
      cpu,
      '--kernel',
      kernel,
      '--smp',
      '1',
      '--kvm-args',
      modules,
      '--timeout',
      '300',
      '--',
      script,
    ],
    { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, LAB_PATH: searchPathOf(qemu) } },
  );
  if (run.status !== 0) throw new Error(`${share} ended with ${run.status}`);
  const snapshot = tidy(JSON.parse(readFileSync(join(labFolder, 'share', share, 'snapshot.json'), 'utf8')), state);
  const provenance = {
    what: `Linux ${snapshot.kernel.release} of Debian with kvm_amd on the CPU ${cpu} of QEMU TCG, probed by cpu-atlas as it ran`,
    sources: [
      {
        layer: 'hardware, kernel, qemu',
        file: 'kvmlab',
        record: 'scripts/probe-lab-hosts.mjs',
        command: `lab.py --cpu '${cpu}' --kernel ${kernel} --kvm-args '${modules}'`,
      },
    ],
    generation: snapshot.host.labels.generation,
    notes: [
      'the CPU is emulated, the kernel and KVM are real',
      ...(cpu === forced
        ? ['the CPU claims bits that the emulator does not implement; the kernel and KVM believe them']
        : []),
      ...(earlier ? ['an earlier state of the host: it was probed after that change was undone'] : []),
    ],
  };
  const folder = earlier ? join(target, 'earlier') : target;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), `${render({ ...snapshot, provenance })}\n`);
}

if (labScript === undefined) throw new Error('CPU_ATLAS_KVMLAB names no lab.py');
const wanted = process.argv.slice(2);
for (const state of states) if (wanted.length === 0 || wanted.includes(state.name)) record(state);
