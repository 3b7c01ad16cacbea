/** What a pasted text says, message by message. */
export interface Decoding {
  readonly messages: readonly DecodedMessage[];
  /** All features that the messages name, once each. */
  readonly features: readonly DecodedFeature[];
  /** Lines with text in which nothing was recognised. */
  readonly otherLines: number;
}

/** The program that printed a message. */
export const messageSources = ['qemu', 'libvirt', 'nova', 'kubevirt', 'xapi', 'proxmox', 'guest'] as const;
export type MessageSource = (typeof messageSources)[number];

/** Who has to act: a layer of the host, or the one who chose the CPU of the guest. */
export type DecodedLayer = 'hardware-or-kernel' | 'kernel' | 'qemu' | 'config' | 'guest-cpu' | 'not-told';

export interface DecodedMessage {
  readonly source: MessageSource;
  /** From 1. */
  readonly line: number;
  /** As pasted, cut to a line's length. */
  readonly text: string;
  readonly layer: DecodedLayer;
  /** What it means, in one or two sentences. */
  readonly meaning: string;
  readonly features: readonly DecodedFeature[];
  /** What to do, most likely first. */
  readonly remedies: readonly string[];
}

/** A feature that a message names. */
export interface DecodedFeature {
  /** QEMU's name; where Atlas knows none, as written. */
  readonly name: string;
  /** As the message has it, where that differs. */
  readonly writtenAs: string | null;
  /** `CPUID.7.0:EBX[4]`; null where the name is not known and no bit was written. */
  readonly bit: string | null;
  readonly description: string;
  /** How the message relates to it. */
  readonly role: 'missing' | 'extra' | 'required' | 'in-set';
}

/** A message in the making: what one reader saw in one line. */
export type ReadMessage = Omit<DecodedMessage, 'line' | 'text' | 'source'>;

/** Reads one line, or several from that line on; null: not one of its messages. */
export interface MessageReader {
  readonly source: MessageSource;
  readonly read: (line: string) => ReadMessage | null;
}
