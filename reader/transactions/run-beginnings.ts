import { binlogFileNumber } from "../../wire/binlog-file.ts";
import { parseEventHeader } from "../binlog-format/events/event-header.ts";
import { EventType } from "../binlog-format/events/event-types.ts";
import { parseFormatDescription } from "../binlog-format/events/format-description.ts";
import { BinlogDump, type BinlogDumpOptions } from "../source/binlog-dump.ts";

export interface FilesToAsk extends Omit<BinlogDumpOptions, "start" | "onEvent"> {
  /** Names of binlog files that the server has. */
  readonly files: readonly string[];
}

/** Where a file's first event stands, behind the magic number. */
const FIRST_EVENT = 4;

/**
 * The numbers of those files in which a run of the server began. A file says so in its first event; but in a dump that
 * goes on in the middle of a file after a set of GTIDs, the server takes this mark from all later files too (its flag
 * m_gtid_clear_fd_created_flag), and a reader that was away during a restart would take the new run's thread ids for the
 * old one's. So each file is asked for its first event in a dump of its own, which takes milliseconds.
 */
export async function runBeginnings({ files, ...options }: FilesToAsk): Promise<Set<number>> {
  const beginnings = new Set<number>();
  for (const file of files) {
    if (await beginsRun(options, file)) beginnings.add(binlogFileNumber(file));
  }
  return beginnings;
}

async function beginsRun(options: Omit<FilesToAsk, "files">, file: string): Promise<boolean> {
  const created = Promise.withResolvers<number>();
  await using dump = await BinlogDump.start({
    ...options,
    start: { kind: "file", file, offset: FIRST_EVENT },
    onEvent: (event) => {
      if (parseEventHeader(event).type !== EventType.FORMAT_DESCRIPTION_EVENT) return;
      created.resolve(parseFormatDescription(event).created);
    },
  });
  return (await Promise.race([created.promise, dump.ended])) !== 0;
}
