import { type LaneState, lanesTable } from "../../../functions/delivery/lanes-table.ts";
import { type Offset, binlogPosition } from "../../../reader/offsets/offset.ts";
import { reachedIn } from "../../../functions/frame/chain.ts";
import { OffsetStore } from "../../../reader/offsets/offset-store.ts";
import { isBefore } from "../../../reader/transactions/binlog-position.ts";
import { binlogFileNumber } from "../../../wire/binlog-file.ts";
import { parsePosition, type PositionText } from "../../../wire/position.ts";
import { laneNumbers } from "../../shared/lane-numbers.ts";
import type { Target } from "../../shared/target.ts";

/** Where a change is on its way through the stack. */
export type Whereabouts =
  /**
   * The lane's delivered position has passed it: it was delivered, or is in a failure record.
   */
  | "routed"
  /** The reader has sent it, and it waits in the raw queue. */
  | "on-its-way"
  /** The reader has not read it yet. */
  | "not-read"
  /** It precedes the place where reading began in this life, by a first start or `offsets set`. */
  | "before-start"
  /** The offset refers to another binlog than the one that was searched. */
  | "not-comparable";

/** Tells where changes are, from the current offset and the lanes' items. */
export class ChangeLocator {
  readonly #target: Target;
  readonly #offset: Offset | null;
  readonly #isSameLife: boolean;
  #everyLane: Promise<readonly number[]> | undefined;
  readonly #lanes = new Map<number, Promise<LaneState>>();

  private constructor(target: Target, offset: Offset | null, isSameLife: boolean) {
    this.#target = target;
    this.#offset = offset;
    this.#isSameLife = isSameLife;
  }

  /**
   * @param searched the offset at the beginning of the search, if it is proven to refer to the
   *   searched binlog; otherwise null
   */
  static async read(target: Target, searched: Offset | null): Promise<ChangeLocator> {
    const { offset } = await new OffsetStore(target.dynamodb, target.offsetsTable).load();
    const isSameLife =
      searched !== null &&
      offset !== null &&
      searched.epoch === offset.epoch &&
      searched.life === offset.life;
    return new ChangeLocator(target, offset, isSameLife);
  }

  /**
   * The lanes by which a change may have been sent: its table's lane, or any lane where another
   * number of lanes was in use, because that number is not known any more.
   */
  async lanesOf(lane: number, position: PositionText): Promise<readonly number[]> {
    if (!this.#isOfFormerLanes(position)) return [lane];
    this.#everyLane ??= laneNumbers(this.#target);
    return [...new Set([lane, ...(await this.#everyLane)])];
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
    // The number of lanes changes only when everything that was sent is delivered.
    if (this.#isOfFormerLanes(position)) return "routed";
    const { life } = this.#offset;
    const delivered = reachedIn(await this.#lane(lane), {
      first: position,
      ...(life !== null && { life }),
    });
    if (delivered !== null && position <= delivered) return "routed";
    return isBefore({ fileNumber, offset }, binlogPosition(this.#offset))
      ? "on-its-way"
      : "not-read";
  }

  #isOfFormerLanes(position: PositionText): boolean {
    const since = this.#isSameLife ? this.#offset?.lanesSince : undefined;
    return since !== undefined && position < since;
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
