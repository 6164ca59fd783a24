import { GtidSet } from "@vlasky/zongji";
import type { PositionText } from "../../wire/position.ts";
import { LeaseLostError } from "../reporting/errors.ts";
import type { Progress } from "../frames/in-flight-frames.ts";
import { describeError, type Log } from "../reporting/log.ts";
import type { Offset } from "./offset.ts";

export interface OffsetSaverOptions {
  readonly offset: Offset;
  readonly takeProgress: () => Progress | null;
  readonly lanes: () => ReadonlyMap<number, PositionText>;
  /** Writes down what must be known before the offset passes it. */
  readonly before: () => Promise<void>;
  /** Throws LeaseLostError. */
  readonly write: (offset: Offset) => Promise<void>;
  readonly onSaved: (offset: Offset) => void;
  readonly log: Log;
}

/** Carries the offset forward and saves it. A save that fails is made up for by the next one. */
export class OffsetSaver {
  readonly #options: OffsetSaverOptions;
  #offset: Offset;
  #unsaved = false;

  constructor(options: OffsetSaverOptions) {
    this.#options = options;
    this.#offset = options.offset;
  }

  get offset(): Offset {
    return this.#offset;
  }

  /** Saves what was reached since the last call. Throws LeaseLostError; other trouble of the table may pass and is logged. */
  async save(): Promise<void> {
    const { takeProgress, lanes, before, write, onSaved, log } = this.#options;
    const progress = takeProgress();
    if (progress !== null) {
      this.#offset = advanceOffset(this.#offset, progress, lanes());
      this.#unsaved = true;
    }
    if (!this.#unsaved) return;
    try {
      await before();
      await write(this.#offset);
    } catch (error) {
      if (error instanceof LeaseLostError) throw error;
      log.warn(
        { error: describeError(error) },
        "the offset could not be saved; it will be tried again",
      );
      return;
    }
    this.#unsaved = false;
    onSaved(this.#offset);
  }
}

/** The offset after some more transactions, and after what each lane was sent. */
function advanceOffset(
  offset: Offset,
  progress: Progress,
  lanes: ReadonlyMap<number, PositionText>,
): Offset {
  return {
    ...offset,
    run: progress.run,
    gtidSet: offset.gtidSet === null ? null : union(offset.gtidSet, progress.gtids),
    file: progress.file,
    offset: progress.offset,
    lanes,
    committedMs: progress.committedMs,
  };
}

function union(set: string, more: string): string {
  return GtidSet.parse([set, more].filter((text) => text !== "").join(",")).toString();
}
