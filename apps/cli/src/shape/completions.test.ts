import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandList } from '../command-list.ts';
import { runCli, useFolder } from '../testing/run-cli.ts';
import { listCommands, readProgramShape } from './command-shape.ts';
import { completions, type Shell } from './completions.ts';
import { writeManPage } from './man-page.ts';

const place = useFolder();
const program = await readProgramShape();
const isInstalled = (shell: string): boolean => spawnSync(shell, ['--version']).status === 0;

/** What bash itself offers at the end of a line. */
function offered(line: string): readonly string[] {
  const words = line.split(' ');
  const script = join(place.folder, 'completion.bash');
  writeFileSync(script, completions.bash(program));
  const ask = `source ${script}; COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
    _cpu_atlas; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', ask], { encoding: 'utf8' })
    .split('\n')
    .filter((word) => word !== '');
}

describe('completion', () => {
  it.each<[string, readonly string[]]>([
    ['cpu-atlas pl', ['plan']],
    ['cpu-atlas plan ', ['choices', 'pools', 'what-if', 'vms']],
    ['cpu-atlas export ma', ['matrix']],
    ['cpu-atlas export matrix x.json --format ', ['csv', 'xlsx', 'json', 'md', 'html', 'pdf']],
    ['cpu-atlas verify --all', ['--all-machines', '--all-models']],
    ['cpu-atlas plan pools a.json --kernel-irqchip s', ['split']],
    ['cpu-atlas decode ', []],
    ['cpu-atlas nosuch --f', []],
  ])('bash, %s: %j', (line, words) => {
    expect(offered(line)).toEqual(words);
  });

  it.each(Object.keys(completions) as Shell[])('%s names every command and option', (shell) => {
    const text = completions[shell](program);
    for (const { path, options } of listCommands(program)) {
      expect(text).toContain(path.at(-1) ?? '');
      for (const { long } of options) expect(text).toContain(shell === 'fish' ? `-l ${long.slice(2)}` : long);
    }
  });

  for (const shell of ['zsh', 'fish'] as const)
    it.skipIf(!isInstalled(shell))(`${shell} reads it without an objection (skipped: no ${shell})`, () => {
      const script = join(place.folder, `completion.${shell}`);
      writeFileSync(script, completions[shell](program));
      expect(spawnSync(shell, ['-n', script], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
    });

  it('is what the command writes', async () => {
    const { code, out, err } = await runCli(['completion', 'bash']);
    expect([code, err]).toEqual([0, '']);
    expect(out).toBe(completions.bash(program));
  });
});

describe('the manual page', () => {
  const page = writeManPage(program, '0.1.0');

  it('names every command of the program', () => {
    expect(program.commands.map(({ path }) => path[0])).toEqual(Object.keys(commandList));
    for (const { path, commands } of listCommands(program))
      if (commands.length === 0) expect(page).toContain(`.SS cpu\\-atlas ${path.join(' ').replaceAll('-', '\\-')} `);
  });

  it.skipIf(!isInstalled('groff'))('is read by groff without a warning (skipped: no groff)', () => {
    const { stderr, stdout } = spawnSync('groff', ['-man', '-ww', '-Tutf8', '-z'], { input: page, encoding: 'utf8' });
    expect([stderr, stdout]).toEqual(['', '']);
  });
});
