/**
 * Records `live-cells.json`: what real QEMU binaries answer to the command lines of `live-cases.mjs` under TCG.
 * Needs built packages. Usage: node packages/core/src/testing/record-live-cells.mjs QEMU-BINARY…
 *
 * Answers of binaries that are not named are kept.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { launchQemu, qemuArguments, readLiveCpu, readQemuVersion } from '@cpu-atlas/catalog';
import { liveCases } from './live-cases.mjs';

const file = new URL('live-cells.json', import.meta.url);

const hexWords = (words) =>
  Object.fromEntries(
    words
      .filter(({ features }) => features !== 0)
      .map((word) => {
        const subleaf = word['cpuid-input-ecx'];
        const key = [word['cpuid-input-eax'].toString(16), ...(subleaf === undefined ? [] : [subleaf.toString(16)])];
        return [[...key, word['cpuid-register']].join('.'), word.features.toString(16)];
      }),
  );

/** Lines about the CPU: nothing of machine types that grow old. */
function linesOf(stderr) {
  return stderr
    .split('\n')
    .map((line) => line.replace(/^qemu-system-x86_64: /, '').trimEnd())
    .filter((line) => line !== '' && !/^warning: Machine type '/.test(line));
}

async function recordCell(binary, configuration) {
  let qemu = null;
  try {
    qemu = await launchQemu({ binary, ...configuration });
    const { featureWords, filteredFeatures, unavailableFeatures, properties } = await readLiveCpu(qemu.client);
    const { stderr } = await qemu.quit({ timeoutMs: 5000 });
    const known = Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined));
    return {
      words: hexWords(featureWords),
      filtered: hexWords(filteredFeatures),
      unavailable: unavailableFeatures,
      properties: known,
      lines: linesOf(stderr),
    };
  } catch (error) {
    if (error.code !== 'QEMU_DIED') throw error;
    const { status, signal, stderr } = spawnSync(binary, qemuArguments(configuration), { encoding: 'utf8', input: '' });
    return { exit: signal ?? status, lines: linesOf(stderr) };
  } finally {
    await qemu?.dispose();
  }
}

const recorded = JSON.parse(readFileSync(file, 'utf8'));
for (const binary of process.argv.slice(2)) {
  const { version } = await readQemuVersion(binary);
  const answers = {};
  for (const { name, machine = 'q35', cpu = 'qemu64', smp, only } of liveCases) {
    if (only !== undefined && !only.includes(version)) continue;
    answers[name] = await recordCell(binary, { accel: 'tcg', machine, cpu, smp });
  }
  recorded.answers[version] = answers;
  process.stderr.write(`${version}: ${Object.keys(answers).length} cells\n`);
}
const style = await resolveConfig(file);
writeFileSync(file, await format(JSON.stringify(recorded), { ...style, parser: 'json' }));
