import { AtlasError } from '@cpu-atlas/core';
import { SaxesParser, type SaxesTagPlain } from 'saxes';
import { invalid, unsafe } from '../faults.ts';
import { importLimits, refuseAbove } from '../import-limits.ts';

/** An element of a small XML document. Comments, processing instructions and the order of text among children are dropped. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  /** Text directly inside, trimmed. */
  readonly text: string;
  /** Line on which it starts, from 1. */
  readonly line: number;
}

interface OpenElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: XmlElement[];
  readonly texts: string[];
  readonly line: number;
}

/** libvirt never writes a DTD. A DTD can define entities that blow up or reach for files, so none is read. */
const dtdRemedy = 'remove the DOCTYPE; the output of virsh has none';
const predefined = { amp: '&', gt: '>', lt: '<', quot: '"', apos: "'" };

/**
 * The root of an XML document. There are no entities but the five that XML predefines, and no DTD; depth and number of
 * elements are limited; the time is linear.
 * @throws IMPORT_INVALID with line and column, IMPORT_UNSAFE, IMPORT_TOO_LARGE
 */
export function readXml(text: string, source: string): XmlElement {
  const parser = new SaxesParser();
  parser.ENTITIES = Object.assign(Object.create(null) as Record<string, string>, predefined);
  const open: OpenElement[] = [];
  const roots: XmlElement[] = [];
  let elements = 0;
  const here = (): string => `${source}: line ${parser.line}, column ${parser.column}`;

  parser.on('error', (error) => {
    throw invalid(`is not well-formed XML: ${plain(error.message)}`, here());
  });
  parser.on('doctype', () => {
    throw unsafe('is XML with a DTD', here(), dtdRemedy);
  });
  parser.on('opentag', (tag: SaxesTagPlain) => {
    elements += 1;
    refuseAbove(elements, importLimits.xmlElements, 'elements', here());
    refuseAbove(open.length + 1, importLimits.depth, 'levels of elements', here());
    open.push({ name: tag.name, attributes: tag.attributes, children: [], texts: [], line: parser.line });
  });
  const addText = (part: string): void => {
    open.at(-1)?.texts.push(part);
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => {
    const element = open.pop();
    if (element === undefined) return;
    const { texts, ...rest } = element;
    const closed = { ...rest, text: texts.join('').trim() };
    const parent = open.at(-1);
    (parent?.children ?? roots).push(closed);
  });
  parse(parser, text, here);
  const [root] = roots;
  if (root === undefined) throw invalid('has no element', source);
  return root;
}

function parse(parser: SaxesParser, text: string, here: () => string): void {
  try {
    parser.write(text).close();
  } catch (cause) {
    if (cause instanceof AtlasError) throw cause;
    throw invalid(`is not well-formed XML: ${plain(cause instanceof Error ? cause.message : '')}`, here());
  }
}

/** Messages of the parser begin with their own coordinates and end with a full stop. */
function plain(message: string): string {
  return message
    .replace(/^\d+:\d+: /, '')
    .replace(/\.$/, '')
    .slice(0, 200);
}

/** Children of that name. */
export function childrenOf(element: XmlElement | undefined, name: string): readonly XmlElement[] {
  return element?.children.filter((child) => child.name === name) ?? [];
}

/** The first element along a path of names. */
export function findElement(element: XmlElement | undefined, ...path: readonly string[]): XmlElement | undefined {
  return path.reduce<XmlElement | undefined>((at, name) => at?.children.find((child) => child.name === name), element);
}

/**
 * The name of the root element, found without parsing the document; null when the text does not begin like XML.
 * @throws IMPORT_UNSAFE for a DTD
 */
export function rootNameOf(text: string, source: string): string | null {
  let at = 0;
  const skip = (opening: string, closing: string): boolean => {
    if (!text.startsWith(opening, at)) return false;
    const end = text.indexOf(closing, at + opening.length);
    at = end < 0 ? text.length : end + closing.length;
    return true;
  };
  for (;;) {
    while (/\s/.test(text.charAt(at))) at += 1;
    if (skip('<?', '?>') || skip('<!--', '-->')) continue;
    if (/^<!doctype/i.test(text.slice(at, at + 9))) throw unsafe('is XML with a DTD', source, dtdRemedy);
    return /^<([A-Za-z_][\w.:-]{0,99})/.exec(text.slice(at, at + 101))?.[1] ?? null;
  }
}
