/** What the router must know of a format before it writes any message in it. */
interface FormatTraits {
  /**
   * Each change is a message of its own. false: consecutive changes of a group share an envelope
   * (wire/message.ts).
   */
  readonly isMessagePerChange: boolean;
  /** Its values depend on the types of their columns, so frames must carry these. */
  readonly needsColumns: boolean;
  /**
   * An update that changes the primary key is a delete and a create, also where both have the same
   * message group.
   */
  readonly splitsKeyChanges: boolean;
  /** It has a message for a row that was there before. */
  readonly hasSnapshots: boolean;
}

/**
 * Every format that a subscriber can choose. The writers of those with a message per change are in
 * functions/formats.
 */
export const FORMATS = {
  envelope: {
    isMessagePerChange: false,
    needsColumns: false,
    splitsKeyChanges: false,
    hasSnapshots: true,
  },
  debezium: {
    isMessagePerChange: true,
    needsColumns: true,
    splitsKeyChanges: true,
    hasSnapshots: true,
  },
  maxwell: {
    isMessagePerChange: true,
    needsColumns: true,
    splitsKeyChanges: false,
    hasSnapshots: true,
  },
  canal: {
    isMessagePerChange: true,
    needsColumns: true,
    splitsKeyChanges: false,
    hasSnapshots: false,
  },
} as const satisfies Readonly<Record<string, FormatTraits>>;

export type Format = keyof typeof FORMATS;
