import { InvalidArgumentError, Option } from 'commander';
import type { Terminal } from '../output/terminal.ts';

/** `--format`: people read on terminals, programs read pipes. */
export function formatOption(terminal: Terminal): Option {
  return formatsOption(terminal, 'table for people, json for programs', ['table', 'json']);
}

/** `--format` of what is told as a report: as tables, or as one of its formats. */
export function toldOption(terminal: Terminal): Option {
  return formatsOption(terminal, forPapers, ['table', 'csv', 'json', 'md', 'html']);
}

/** `--format` of an answer that has a form of its own for people and for programs, and is a report for papers. */
export function answerOption(terminal: Terminal): Option {
  return formatsOption(terminal, forPapers, ['table', 'json', 'csv', 'md']);
}

const forPapers = 'table for people, the others for programs and papers';

function formatsOption({ isOutTerminal }: Terminal, description: string, formats: readonly string[]): Option {
  return new Option('--format <format>', description)
    .choices(formats)
    .default(isOutTerminal ? 'table' : 'json', 'table on a terminal, else json');
}

export const irqchipOption = (): Option =>
  new Option('--kernel-irqchip <mode>', 'of -machine or -accel; left out: what the machine type does').choices([
    'on',
    'split',
    'off',
  ]);

/** A whole number of at least `least`, for an option. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}
