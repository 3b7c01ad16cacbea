/** The hub of a simulation: `cpu-atlas serve` as built, in a process of its own. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../cli/bin/cpu-atlas.js', import.meta.url));
/** Of /proc/PID/stat. Source: proc(5), sysconf(_SC_CLK_TCK), 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** Starts a hub that keeps its store in `directory`, or at `storeUrl`. */
export async function startHub(directory, storeUrl) {
  const args = ['serve', '--port', '0', '--no-harvest', '--log-level', 'error', '--data-dir', directory];
  if (storeUrl !== undefined) args.push('--store', storeUrl);
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  // Whatever ends this process ends the hub, too.
  process.once('exit', () => child.kill('SIGKILL'));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const port = await new Promise((resolve, reject) => {
    child.stdout.on('data', (text) => {
      const found = /:(\d+)\s*$/m.exec(String(text));
      if (found !== null) resolve(Number(found[1]));
    });
    child.once('exit', (code) => reject(new Error(`the hub ended with ${code} before it listened`)));
  });
  return {
    port,
    url: `http://127.0.0.1:${port}/api/v1`,
    usage: () => usageOf(child.pid),
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function usageOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const megabytes = (name) => Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024);
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
    rssMb: megabytes('VmRSS'),
    peakMb: megabytes('VmHWM'),
  };
}
