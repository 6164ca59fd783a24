import type { Stream } from "../failures/stream.ts";

/** The waiting streams of a group, and the time that the group has used. */
interface Group {
  /** One list of streams per name. The list whose turn was longest ago is first. */
  readonly lists: Stream[][];
  /** Number of the group's streams that are being worked on. */
  underWay: number;
  /** How long the group's streams were worked on, milliseconds. */
  spentMs: number;
}

/** A stream that is being worked on. */
export interface Turn {
  readonly stream: Stream;
  /** Ends the turn. With `goesOn`, the stream has another turn after the others of its name. */
  readonly end: (tookMs: number, goesOn: boolean) => void;
}

/**
 * Decides the order of the due streams, given with the longest waiting first. The next turn belongs
 * to the group with the fewest streams in progress, and among those to the one that has used the
 * least time. An environment with hundreds of silent queues therefore leaves slots for the others.
 * Within a group the names take turns, and within a name the streams, so that a queue with many
 * lanes does not delay other queues.
 */
export class FairTurns {
  readonly #groups: readonly Group[];

  constructor(streams: readonly Stream[], groupOf: (stream: Stream) => string) {
    this.#groups = [...Map.groupBy(streams, groupOf).values()].map((ofGroup) => ({
      lists: [...Map.groupBy(ofGroup, ({ kind, name }) => `${kind}/${name}`).values()],
      underWay: 0,
      spentMs: 0,
    }));
  }

  /** Begins the next turn; undefined when no stream waits. */
  next(): Turn | undefined {
    const group = this.#groups
      .filter(({ lists }) => lists.length > 0)
      .reduce<Group | undefined>(
        (first, other) => (first === undefined || isBefore(other, first) ? other : first),
        undefined,
      );
    const list = group?.lists.shift();
    const stream = list?.shift();
    if (group === undefined || list === undefined || stream === undefined) return undefined;
    if (list.length > 0) group.lists.push(list);
    group.underWay++;
    return {
      stream,
      end: (tookMs, goesOn) => {
        group.underWay--;
        group.spentMs += tookMs;
        if (!goesOn) return;
        if (!group.lists.includes(list)) group.lists.push(list);
        list.push(stream);
      },
    };
  }
}

function isBefore(one: Group, other: Group): boolean {
  return one.underWay === other.underWay
    ? one.spentMs < other.spentMs
    : one.underWay < other.underWay;
}
