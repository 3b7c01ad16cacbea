/**
 * Writes `data/snapshots` from the records of `shared/oracle`: real hosts as host snapshots, with their provenance. Hosts
 * that `scripts/probe-lab-hosts.mjs` recorded there are kept as they are, but for what is staged of them.
 *
 *     npx tsc -b packages/importer packages/prober && node scripts/import-demo-fleet.mjs [ORACLE]
 *     node scripts/import-demo-fleet.mjs [ORACLE] --check     exit 1 if a file is not what the records give
 *
 * The same records give the same bytes.
 */

import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { render } from './render-json.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const target = join(root, 'data', 'snapshots');
const collector = 'cpu-atlas scripts/import-demo-fleet.mjs';

/** The records of libvirt carry no time; this is the day on which they were imported. */
const importedAt = '2026-11-22T00:00:00Z';

/**
 * What the demo fleet plays: since when a host is there and whether it is still heard. Of the states in `earlier` it says
 * until when the host was like that.
 */
const staged = {
  'core2-q9500.json': { role: 'stale', fromDaysAgo: 200 },
  'fx-8150.json': { role: 'unreachable', fromDaysAgo: 150, untilDaysAgo: 3 },
  'earlier/xeon-e3-1245-v5.json': { role: 'earlier', fromDaysAgo: 90, untilDaysAgo: 21 },
  'xeon-e3-1245-v5.json': { role: 'live', fromDaysAgo: 21 },
  'earlier/lab-rome-a.json': { role: 'earlier', fromDaysAgo: 120, untilDaysAgo: 40 },
  'lab-rome-a.json': { role: 'live', fromDaysAgo: 40 },
  'earlier/lab-milan-a.json': { role: 'earlier', fromDaysAgo: 60, untilDaysAgo: 9 },
  'lab-milan-a.json': { role: 'live', fromDaysAgo: 9 },
  'earlier/lab-milan-b.json': { role: 'earlier', fromDaysAgo: 60, untilDaysAgo: 5 },
  'lab-milan-b.json': { role: 'live', fromDaysAgo: 5 },
};
const stagedAs = (file) => staged[file] ?? { role: 'live', fromDaysAgo: 30 };

/** Hosts of which a second state follows from the recorded one by a change that is documented. */
const derivations = { 'Xeon-E3-1245-v5': withoutTsx };

/** Hosts of libvirt's test data that stay out. */
const left = {
  'Core-i7-2600-xsaveopt': 'altered by hand in libvirt',
  'Core-i7-5600U-arat': 'the CPUID of Core-i7-5600U',
  'Xeon-E7-4820': 'features as Xeon-E7-4830, without model definitions',
  'Core-i5-2500': 'features as Core-i5-2540M, without model definitions',
};

/**
 * The records carry no version of QEMU; these are what their own notes infer from the models and properties that they
 * have (`qemuVersionInferred`).
 */
const inferredQemu = {
  'A10-5800K': '2.9.0',
  'Atom-P5362': '5.1.0',
  Cooperlake: '5.0.0',
  'Core-i5-2540M': '2.9.0',
  'Core-i5-4670T': '2.9.0',
  'Core-i5-6600': '2.9.0',
  'Core-i7-2600': '2.9.0',
  'Core-i7-3770': '2.9.0',
  'Core-i7-4510U': '2.9.0',
  'Core-i7-5600U': '2.9.0',
  'Core-i7-5600U-ibrs': '2.11.0',
  'Core-i7-7600U': '3.1.0',
  'Core-i7-8700': '2.12.0',
  'Core2-E6850': '2.9.0',
  'EPYC-7601-32-Core': '2.11.0',
  'EPYC-7601-32-Core-ibpb': '2.11.0',
  'Opteron-2350': '2.9.0',
  'Ryzen-7-1800X-Eight-Core': '2.9.0',
  'Ryzen-9-3900X-12-Core': '5.1.0',
  'Xeon-E3-1245-v5': '2.11.0',
  'Xeon-E5-2609-v3': '2.11.0',
  'Xeon-E5-2623-v4': '2.11.0',
  'Xeon-E5-2630-v3': '2.9.0',
  'Xeon-E7-4830': '2.9.0',
  'Xeon-E7540': '2.12.0',
  'Xeon-Gold-5115': '2.11.0',
  'Xeon-Gold-6148': '2.10.0',
  'Xeon-Platinum-9242': '4.2.0',
};

/** What is worth knowing of single hosts, beyond their record. */
const remarks = {
  Cooperlake: 'A pre-production part.',
  'Xeon-E5-2609-v3':
    'This generation came with TSX; microcode took hle and rtm away (Intel erratum HSW136; QEMU treats model 63 below stepping 4 alike). The microcode is of 2018 or later: it brought spec-ctrl and stibp.',
  'EPYC-7601-32-Core-ibpb': 'As EPYC-7601-32-Core, with microcode that brought ibpb.',
  'Core-i7-5600U-ibrs': 'As Core-i7-5600U, with microcode that brought spec-ctrl and stibp.',
};
/** A label for those who look for what the demo shows. */
const roles = {
  'Core2-Q9500': 'stale',
  'FX-8150': 'unreachable',
  'Xeon-E3-1245-v5': 'tsx-removed-by-microcode',
  'lab-rome-a': 'kernel-and-qemu-upgraded',
  'lab-milan-a': 'nested-switched-on',
  'lab-milan-b': 'qemu-upgraded',
};
/** Who recorded the hosts of kvmlab that are not in the oracle. */
const labRecorder = 'scripts/probe-lab-hosts.mjs';

/** QMP sessions of which the host is known from QEMU alone. */
const sessions = ['caps_4.2.0_x86_64', 'caps_9.2.0_x86_64+amdsev', 'caps_10.0.0_x86_64'];

const notObserved = (what) => ({
  unknown: {
    code: 'NOT_OBSERVED',
    reason: `the record says nothing of ${what}`,
    remedy: 'run on that host: cpu-atlas probe',
  },
});

function readRecord(oracle, ...path) {
  const raw = readFileSync(join(oracle, ...path));
  return JSON.parse((path.at(-1).endsWith('.gz') ? gunzipSync(raw) : raw).toString('utf8'));
}

const toRow = ({ leaf, subleaf, eax, ebx, ecx, edx }) => ({
  leaf: Number(leaf),
  subleaf: subleaf ?? 0,
  eax: Number(eax),
  ebx: Number(ebx),
  ecx: Number(ecx),
  edx: Number(edx),
});

function expansionOf({ booleans, values, numbers, strings }) {
  const kept = Object.entries({ ...booleans, ...values, ...numbers, ...strings }).filter(([, value]) => value !== null);
  return Object.fromEntries(kept.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Expanded with migratable=on, a feature that does not migrate is shown as off though it may be there: not known. */
function withoutUntold(expansion, { featureRecords }) {
  const untold = new Set(
    featureRecords().flatMap(({ name, migratable }) => (migratable || name === null ? [] : [name])),
  );
  return Object.fromEntries(Object.entries(expansion).filter(([name, value]) => value !== false || !untold.has(name)));
}

/** QEMU up to 3.1 lists bits without a name as "": a model that lacks nothing else is left out. */
function unavailableOf(definitions) {
  const known = Object.entries(definitions ?? {}).flatMap(([model, { unavailableFeatures }]) => {
    const named = unavailableFeatures?.filter((feature) => feature !== '') ?? [];
    return unavailableFeatures === null || named.length < Math.min(unavailableFeatures.length, 1)
      ? []
      : [[model, named]];
  });
  return known.length === 0 ? {} : { unavailable: Object.fromEntries(known) };
}

/** A CPU of libvirt's test data: its silicon and, where recorded, what a QEMU there made of it. */
function libvirtHost(oracle, tools, record) {
  const host = readRecord(oracle, 'libvirt', 'hosts', `${record}.json`);
  const { hardware, notes } = tools.hardwareOfDumps([{ cpu: 0, rows: host.cpuid.map(toRow) }], record);
  const hasQemu = existsSync(join(oracle, 'libvirt', 'qemu', `${record}.json`)) && record in inferredQemu;
  const qemu = hasQemu ? readRecord(oracle, 'libvirt', 'qemu', `${record}.json`) : null;
  const id = record.toLowerCase();
  return {
    file: `${id}.json`,
    generation: host.generation,
    snapshot: {
      schema: 'cpu-atlas/host-snapshot/1',
      host: {
        id: `demo:${id}`,
        name: id,
        labels: { generation: host.generation, ...(record in roles && { demo: roles[record] }) },
      },
      collectedAt: importedAt,
      collector,
      hardware: { ...hardware, ...(host.msrs.length > 0 && { msrs: host.msrs.map(siliconMsr) }) },
      kernel: notObserved('the kernel and its KVM'),
      ...(qemu !== null && {
        qemu: [
          {
            path: 'unknown',
            version: inferredQemu[record],
            package: qemu.qemuVersionInferred.build,
            observed: {
              kvm: { host: withoutUntold(expansionOf(qemu.host), tools), ...unavailableOf(qemu.definitions) },
            },
          },
        ],
      }),
    },
    provenance: {
      what: 'CPUID of the silicon of one real CPU, and what -cpu host of a QEMU on it expanded to, as far as recorded by the libvirt project',
      sources: [
        {
          layer: 'hardware',
          file: host.source,
          record: `libvirt/hosts/${record}.json`,
          ...(host.commit !== undefined && { commit: host.commit }),
        },
        ...(qemu === null
          ? []
          : [{ layer: 'qemu', file: qemu.source, record: `libvirt/qemu/${record}.json`, command: qemu.command }]),
      ],
      generation: host.generation,
      notes: [
        'collectedAt is the day of the import: the record carries no time',
        'the record is of one CPU; the number of CPUs, the microcode and the vulnerabilities are not told',
        ...(host.partial === undefined ? [] : [`partial: ${host.partial}`]),
        ...(qemu === null
          ? []
          : [
              'Inferred: the version of QEMU, from its models and properties',
              'expanded with migratable=on: what is off because it does not migrate (invtsc) was left out',
              ...(qemu.notes ?? []),
            ]),
        ...notes,
        ...(record in remarks ? [remarks[record]] : []),
      ],
    },
  };
}

const siliconMsr = ({ index, value }) => ({
  index: `0x${Number(index).toString(16).padStart(8, '0')}`,
  value: `0x${BigInt(value).toString(16)}`,
});

/**
 * The same host after the microcode of June 2021, with which Intel gave up TSX on Skylake clients: RTM aborts always, and
 * the CPUID bits of HLE and RTM are cleared. Nothing else is touched.
 * Source: Intel document 604224; Linux arch/x86/kernel/cpu/tsx.c, TSX_CPUID_CLEAR
 */
function withoutTsx({ file, generation, snapshot, provenance }) {
  const tsx = (1 << 4) | (1 << 11);
  const isLeaf7 = ({ leaf, subleaf }) => Number(leaf) === 7 && subleaf === 0;
  const cleared = (entry) => ({
    ...entry,
    ebx: `0x${((Number(entry.ebx) & ~tsx) >>> 0).toString(16).padStart(8, '0')}`,
  });
  const cpus = snapshot.hardware.cpus.map((group) => ({
    ...group,
    cpuid: group.cpuid.map((entry) => (isLeaf7(entry) ? cleared(entry) : entry)),
  }));
  const qemu = snapshot.qemu.map(({ observed, ...binary }) => ({
    ...binary,
    observed: { kvm: { host: { ...observed.kvm.host, hle: false, rtm: false } } },
  }));
  return {
    file,
    generation,
    snapshot: { ...snapshot, hardware: { ...snapshot.hardware, cpus }, qemu },
    provenance: {
      ...provenance,
      what: `DERIVED, not recorded: ${provenance.what}; changed as microcode changes it that takes TSX away`,
      derived: {
        from: `earlier/${file}`,
        change:
          'CPUID.07H.0:EBX[4] and [11] (hle, rtm) cleared, and both off in what -cpu host expands to; unavailable-features of the models left out',
        source: 'Intel document 604224 (June 2021); Linux arch/x86/kernel/cpu/tsx.c, TSX_CPUID_CLEAR',
      },
      notes: [
        'derived: the update also sets CPUID.07H.0:EDX[11] (RTM_ALWAYS_ABORT), which was not recorded and so not added',
        ...provenance.notes,
      ],
    },
  };
}

/** The recorded state of a host moves to the past, and the one derived from it takes its place. */
function withDerived(record, host) {
  const derive = derivations[record];
  if (derive === undefined) return [host];
  return [{ ...host, file: `earlier/${host.file}` }, derive(host)];
}

const without = (object, key) => Object.fromEntries(Object.entries(object).filter(([name]) => name !== key));

/** Hosts that were probed in kvmlab, as their files hold them. */
function probedHosts() {
  const read = (file) => {
    const { provenance, ...snapshot } = JSON.parse(readFileSync(join(target, file), 'utf8'));
    return { file, generation: provenance.generation, snapshot, provenance };
  };
  return listFiles()
    .filter((file) => file.endsWith('.json'))
    .map(read)
    .filter(({ provenance }) => provenance.sources[0].record === labRecorder)
    .map((host) => {
      const labels = without(host.snapshot.host.labels, 'demo');
      const role = roles[host.snapshot.host.name];
      const named = { ...host.snapshot.host, labels: { ...labels, ...(role !== undefined && { demo: role }) } };
      return { ...host, snapshot: { ...host.snapshot, host: named }, provenance: without(host.provenance, 'staging') };
    });
}

/** Files of `data/snapshots`, those of its folder `earlier` with that folder. */
function listFiles() {
  const inFolder = (folder) => (existsSync(join(target, folder)) ? readdirSync(join(target, folder)) : []);
  return [
    ...inFolder('.').filter((file) => file !== 'earlier'),
    ...inFolder('earlier').map((file) => `earlier/${file}`),
  ];
}

/** A host of which only QEMU's own answers are recorded. */
function sessionHost(oracle, record) {
  const {
    name,
    source,
    version,
    hostCpu,
    sessions: runs,
  } = readRecord(oracle, 'libvirt', 'replies', `${record}.json.gz`);
  const observed = Object.fromEntries(
    runs.map(({ accel, expansions, cpuDefinitions }) => {
      const whole = expansions.find(
        ({ type, requestProps }) => type === 'static' && requestProps?.migratable === false,
      );
      return [accel, { host: expansionOf(whole.props), ...unavailableOf(cpuDefinitions) }];
    }),
  );
  const { major, minor, micro } = version.qemu;
  const id = `${hostCpu['model-id']
    .trim()
    .replaceAll(/\(.*?\)|@.*| CPU| Processor/g, '')
    .trim()
    .replaceAll(/\s+/g, '-')
    .toLowerCase()}-qemu-${major}.${minor}`;
  return {
    file: `${id}.json`,
    generation: hostCpu.generation,
    snapshot: {
      schema: 'cpu-atlas/host-snapshot/1',
      host: { id: `demo:${id}`, name: id, labels: { generation: hostCpu.generation } },
      collectedAt: importedAt,
      collector,
      hardware: notObserved('the CPU itself'),
      kernel: notObserved('the kernel and its KVM'),
      qemu: [{ path: 'unknown', version: `${major}.${minor}.${micro}`, package: version.package, observed }],
    },
    provenance: {
      what: 'a QMP session of a QEMU on a real host, as recorded by the libvirt project; the host is known from it alone',
      sources: [{ layer: 'qemu', file: source, record: `libvirt/replies/${name}.json.gz` }],
      generation: hostCpu.generation,
      notes: ['collectedAt is the day of the import: the record carries no time'],
    },
  };
}

/** A host with an ordinary kvm_amd: all three layers. Its CPU is emulated. */
function labHost(oracle, { hardwareOfDumps, nameCapability }, file) {
  const { host, lab, probe, qemu } = readRecord(oracle, 'kvm-hosts', file);
  const { kvm } = probe;
  const entries = (list) =>
    list.map(({ leaf, subleaf, eax, ebx, ecx, edx }) => ({ leaf, subleaf: subleaf ?? 0, eax, ebx, ecx, edx }));
  const named = (answers) =>
    Object.fromEntries(Object.entries(answers).map(([number, answer]) => [nameCapability(Number(number)), answer]));
  const dumps = Object.entries(probe.raw_cpuid).map(([cpu, list]) => ({ cpu: Number(cpu), rows: list.map(toRow) }));
  const { hardware, cpuName, notes } = hardwareOfDumps(dumps, host);
  const differing = Object.entries(kvm.caps_vm).filter(([number, answer]) => answer !== (kvm.caps_system[number] ?? 0));
  const xcr0 = kvm.system_attrs['0.0'];
  const microcode = /^microcode\s*:\s*(0x[0-9a-f]+)$/m.exec(probe.proc_cpuinfo)?.[1];
  const id = `lab-${host}`;
  return {
    file: `${id}.json`,
    generation: `emulated ${lab.cpu.split(',')[0]}`,
    snapshot: {
      schema: 'cpu-atlas/host-snapshot/1',
      host: { id: `demo:${id}`, name: id, labels: { generation: `emulated ${lab.cpu.split(',')[0]}` } },
      collectedAt: new Date(Math.floor(probe.time) * 1000).toISOString().replace('.000Z', 'Z'),
      collector,
      hardware: {
        ...hardware,
        ...(microcode !== undefined && { microcode }),
        vulnerabilities: probe.vulnerabilities,
        tscKhz: kvm.vcpu_tsc_khz,
      },
      kernel: {
        release: probe.uname[2],
        kvm: {
          apiVersion: kvm.api_version,
          modules: modulesOf(probe.kvm_parameters),
          supportedCpuid: entries(kvm.supported_cpuid),
          emulatedCpuid: entries(kvm.emulated_cpuid),
          featureMsrs: Object.entries(kvm.feature_msrs).map(([index, value]) => ({ index, value })),
          msrIndices: kvm.msr_index_list,
          capabilities: named(Object.fromEntries(Object.entries(kvm.caps_system).filter(([, answer]) => answer > 0))),
          ...(differing.length > 0 && { vmCapabilities: named(Object.fromEntries(differing)) }),
          ...(xcr0 !== undefined && !xcr0.startsWith('error') && { guestXcr0: xcr0 }),
          mceCapabilities: kvm.mce_cap_supported,
        },
      },
      qemu: Object.keys(qemu).map((version) => ({ path: `lab/qemu-${version}`, version })),
    },
    provenance: {
      what: `a stock Debian kernel with kvm_amd on the CPU ${lab.cpu} of QEMU TCG ${lab.l0_qemu} (${cpuName}): probed as it ran; every launch of QEMU on it is recorded too`,
      sources: [{ layer: 'hardware, kernel, qemu', file: `kvm-hosts/${file}`, record: `kvm-hosts/${file}` }],
      generation: `emulated ${lab.cpu.split(',')[0]}`,
      notes: [
        'the CPU is emulated, the kernel and KVM are real',
        ...(host.startsWith('forced-')
          ? ['the CPU claims bits that the emulator does not implement; the kernel and KVM believe them']
          : []),
        ...notes,
      ],
    },
  };
}

function modulesOf(parameters) {
  const modules = {};
  for (const [path, value] of Object.entries(parameters)) {
    const [module, name] = path.split('/');
    modules[module] = { ...modules[module], [name]: value };
  }
  return modules;
}

function renderIndex(hosts) {
  const rows = hosts.map(({ file, generation, snapshot, provenance }) => {
    const layers = [
      ...('cpus' in snapshot.hardware ? [snapshot.hardware.partial === true ? 'hardware (partial)' : 'hardware'] : []),
      ...('release' in snapshot.kernel ? [`Linux ${snapshot.kernel.release}`] : []),
      ...(snapshot.qemu ?? []).map(({ version }) => `QEMU ${version}`),
    ];
    const role = snapshot.host.labels.demo ?? '';
    return `| \`${file}\` | ${generation} | ${layers.join(', ')} | ${provenance.sources.map(({ record }) => `\`${record}\``).join(', ')} | ${role} |`;
  });
  return `# data/snapshots: real hosts

Host snapshots (docs/formats.md) of ${hosts.filter(({ file }) => !file.startsWith('earlier/')).length} hosts, for the demo fleet and the tests. Written by \`scripts/import-demo-fleet.mjs\` from recorded facts;
not edited by hand. Each file has one more key, \`provenance\`: what it is, the record it comes from, what was inferred or derived, and what is staged
for \`cpu-atlas serve --demo\` (\`staging\`: since when the host is there, and whether it is still heard). The folder \`earlier\` has states that hosts were
in before, with the same host ids.

- Hosts without the prefix \`lab-\` are real silicon, from the test data of the libvirt project: CPUID registers of the CPU, and what \`-cpu host\` of a QEMU
  there expanded to. Kernel, microcode and number of CPUs are not recorded, and unknown. All their QEMU versions are inferred from
  the models and properties that the QEMU had.
- Hosts with \`-qemu-\` in the name are known from a QMP session alone, which tells its version.
- Hosts with the prefix \`lab-\` have all three layers, read from a stock Debian kernel; their CPU is emulated. Those that name
  \`${labRecorder}\` as their record were probed by cpu-atlas itself.
- Where the MSRs of the silicon are recorded they are in \`hardware.msrs\`.
- No register was made up. One state is derived, and says so: \`xeon-e3-1245-v5.json\` is \`earlier/xeon-e3-1245-v5.json\` after the
  microcode that took TSX away.

| File | Generation | Known | Records | Role in the demo |
|---|---|---|---|---|
${rows.join('\n')}

Left out of the records: ${Object.entries(left)
    .map(([name, why]) => `${name} (${why})`)
    .join('; ')}.
`;
}

/** What the records give: file names and contents. */
function renderFleet(oracle, tools) {
  const silicon = readdirSync(join(oracle, 'libvirt', 'hosts'))
    .map((file) => file.replace(/\.json$/, ''))
    .filter((record) => !(record in left))
    .flatMap((record) => withDerived(record, libvirtHost(oracle, tools, record)));
  const lab = readdirSync(join(oracle, 'kvm-hosts')).map((file) => labHost(oracle, tools, file));
  const hosts = [...silicon, ...sessions.map((record) => sessionHost(oracle, record)), ...lab, ...probedHosts()].sort(
    (a, b) => (a.file < b.file ? -1 : 1),
  );
  const files = hosts.map(({ file, snapshot, provenance }) => [
    file,
    `${render({ ...snapshot, provenance: { ...provenance, staging: stagedAs(file) } })}\n`,
  ]);
  return new Map([...files, ['README.md', renderIndex(hosts)]]);
}

async function loadTools() {
  const built = (path) => import(pathToFileURL(join(root, path)).href);
  const { hardwareOfDumps } = await built('packages/importer/dist/cpuid/hardware-of-dumps.js');
  const { nameCapability } = await built('packages/prober/dist/kvm-capabilities.js');
  const { featureRecords } = await built('packages/core/dist/index.js');
  return { hardwareOfDumps, nameCapability, featureRecords };
}

function readIfThere(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}

const oracle =
  process.argv.slice(2).find((argument) => !argument.startsWith('--')) ?? join(root, '..', 'shared', 'oracle');
const fleet = renderFleet(oracle, await loadTools());
mkdirSync(join(target, 'earlier'), { recursive: true });
const surplus = listFiles().filter((file) => !fleet.has(file));
if (process.argv.includes('--check')) {
  const differing = [...fleet].filter(([file, text]) => readIfThere(join(target, file)) !== text).map(([file]) => file);
  for (const file of [...differing, ...surplus]) console.error(`data/snapshots/${file} is not what the records give`);
  process.exitCode = differing.length + surplus.length > 0 ? 1 : 0;
} else {
  for (const [file, text] of fleet) writeFileSync(join(target, file), text);
  for (const file of surplus) rmSync(join(target, file));
  console.error(
    `${fleet.size - 1} hosts, ${[...fleet.values()].reduce((sum, text) => sum + Buffer.byteLength(text), 0)} bytes`,
  );
}
