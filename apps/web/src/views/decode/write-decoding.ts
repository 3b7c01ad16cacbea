import type { Decoding } from '@cpu-atlas/core';

/** A decoding as Markdown, for a ticket. */
export function writeDecoding({ messages }: Decoding): string {
  const parts = messages.map(({ text, meaning, features, remedies }) =>
    [
      `> ${text.replaceAll('\n', ' ')}`,
      '',
      meaning,
      '',
      ...features.map(
        ({ role, name, bit, description }) => `- ${role} \`${name}\`${bit === null ? '' : ` (${bit})`}: ${description}`,
      ),
      ...(features.length === 0 ? [] : ['']),
      ...remedies.map((remedy) => `1. ${remedy}`),
    ].join('\n'),
  );
  return `${parts.join('\n\n')}\n`;
}
