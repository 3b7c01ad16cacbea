import type { LibvirtCpu } from '@cpu-atlas/core';

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll("'", '&apos;');

/** A CPU definition as `virsh` prints it. Source: libvirt, formatdomain, CPU model and topology */
export function writeLibvirtCpu({ mode, match, model, fallback, vendor, features = [] }: LibvirtCpu): string {
  const attributes = Object.entries({ mode, match }).flatMap(([name, value]) =>
    value === undefined ? [] : [` ${name}='${escapeXml(value)}'`],
  );
  const fallen = fallback === undefined ? '' : ` fallback='${fallback}'`;
  return [
    `<cpu${attributes.join('')}>`,
    ...(model === undefined ? [] : [`  <model${fallen}>${escapeXml(model)}</model>`]),
    ...(vendor === undefined ? [] : [`  <vendor>${escapeXml(vendor)}</vendor>`]),
    ...features.map(({ name, policy }) => {
      const told = policy === undefined ? '' : ` policy='${policy}'`;
      return `  <feature${told} name='${escapeXml(name)}'/>`;
    }),
    '</cpu>',
  ].join('\n');
}
