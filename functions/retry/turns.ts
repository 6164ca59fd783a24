import type { Stream } from "../failures/stream.ts";

/** What streams of one group wait for, and how much time the group has had. */
interface Group {
  /** Streams by name. The list whose turn was longest ago is the first. */
  readonly lists: Stream[][];
  /** Streams of the group that are worked on. */
  underWay: number;
  /** How long streams of the group were worked on, milliseconds. */
  spentMs: number;
}

/** A stream that is worked on. */
export interface Turn {
  readonly stream: Stream;
  /** `goesOn`: it has another turn, behind the others of its name. */
  readonly end: (tookMs: number, goesOn: boolean) => void;
}

/**
 * Whose turn is next among the streams that are due, given with the longest waiting first. Groups
 * share the places: the next turn is the group's that has the fewest, then of the one that had the
 * least time. So one environment with hundreds of silent queues leaves the others their places.
 * Within a group the names take turns, and within a name the streams: a queue with many lanes does
 * not keep the others waiting.
 */
export class Turns {
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
