/**
 * How long a probe of this host takes inside the process: `node packages/prober/bench/probe.bench.mjs [runs]`.
 * Needs the built product (npm run build).
 */
import process from 'node:process';
import { collectSnapshot } from '@cpu-atlas/prober';

const runs = Number(process.argv[2] ?? 20);

async function measure(options) {
  const timesMs = [];
  for (let run = 0; run < runs; run++) {
    const startMs = performance.now();
    await collectSnapshot(options);
    timesMs.push(performance.now() - startMs);
  }
  timesMs.sort((a, b) => a - b);
  return { medianMs: timesMs[Math.floor(runs / 2)], maxMs: timesMs[runs - 1] };
}

function report(name, { medianMs, maxMs }) {
  process.stdout.write(`${name}: median ${medianMs.toFixed(1)} ms, slowest ${maxMs.toFixed(1)} ms of ${runs} runs\n`);
}

const { hardware, kernel } = await collectSnapshot({ qemu: false });
if (hardware !== undefined && 'unknown' in hardware)
  process.stdout.write(`hardware unknown: ${hardware.unknown.reason}\n`);
const kvm = kernel !== undefined && 'kvm' in kernel ? kernel.kvm : kernel;
if (kvm !== undefined && 'unknown' in kvm) process.stdout.write(`kvm unknown: ${kvm.unknown.reason}\n`);
report('probe without QEMU', await measure({ qemu: false }));
report('probe with QEMU', await measure({}));
