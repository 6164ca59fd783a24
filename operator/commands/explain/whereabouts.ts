import { type LaneState, lanesTable } from "../../../functions/delivery/lanes-table.ts";
import { type Offset, binlogPosition } from "../../../reader/offsets/offset.ts";
import { OffsetStore } from "../../../reader/offsets/offset-store.ts";
import { isBefore } from "../../../reader/transactions/binlog-position.ts";
import { binlogFileNumber } from "../../../wire/binlog-file.ts";
import { parsePosition, type PositionText } from "../../../wire/position.ts";
import type { Target } from "../../shared/target.ts";

/** How far the stream has come past a change. */
export type Whereabouts =
  /**
   * The lane's delivered position has passed it: it is where it belongs, or in a failure record.
   */
  | "routed"
  /** The reader has sent it; it waits in the raw queue. */
  | "on-its-way"
  /** The reader has not come to it. */
  | "not-read"
  /** It lies before the place where reading began in this life: a first start, or `offsets set`. */
  | "before-start"
  /** The offset is about another binlog than the one that was searched. */
  | "not-comparable";

/** Answers by the offset and the lanes' items as they are now. */
export class StreamPlace {
  readonly #target: Target;
  readonly #offset: Offset | null;
  readonly #isSameLife: boolean;
  readonly #lanes = new Map<number, Promise<LaneState>>();

  private constructor(target: Target, offset: Offset | null, isSameLife: boolean) {
    this.#target = target;
    this.#offset = offset;
    this.#isSameLife = isSameLife;
  }

  /**
   * `searched`: the offset with which the binlog was searched, if that was proven to be of this
   * binlog.
   */
  static async read(target: Target, searched: Offset | null): Promise<StreamPlace> {
    const { offset } = await new OffsetStore(target.dynamodb, target.offsetsTable).load();
    const isSameLife =
      searched !== null &&
      offset !== null &&
      searched.epoch === offset.epoch &&
      searched.life === offset.life;
    return new StreamPlace(target, offset, isSameLife);
  }

  async of(lane: number, position: PositionText): Promise<Whereabouts> {
    if (this.#offset === null) return "not-read";
    if (!this.#isSameLife) return "not-comparable";
    const { file: fileNumber, offset } = parsePosition(position);
    const { begunAt } = this.#offset;
    if (
      begunAt !== undefined &&
      isBefore(
        { fileNumber, offset },
        { fileNumber: binlogFileNumber(begunAt.file), offset: begunAt.offset },
      )
    )
      return "before-start";
    const { delivered, life } = await this.#lane(lane);
    const isThisLife = life === null || life === this.#offset.life;
    if (delivered !== null && isThisLife && position <= delivered) return "routed";
    return isBefore({ fileNumber, offset }, binlogPosition(this.#offset))
      ? "on-its-way"
      : "not-read";
  }

  #lane(lane: number): Promise<LaneState> {
    let state = this.#lanes.get(lane);
    if (state === undefined) {
      state = lanesTable(this.#target.dynamodb, this.#target.offsetsTable).read(lane);
      this.#lanes.set(lane, state);
    }
    return state;
  }
}
