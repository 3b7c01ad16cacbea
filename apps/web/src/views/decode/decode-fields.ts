/** The pasted text is not in the address: it may name hosts and customers. */
export const decodeFields = {} as const;
