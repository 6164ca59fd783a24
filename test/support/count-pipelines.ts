import { queryObjects } from "node:v8";
import { Shipment } from "../../reader/frames/shipment.ts";
import { LeaseKeeper } from "../../reader/offsets/lease-keeper.ts";
import { BinlogDump } from "../../reader/source/binlog-dump.ts";

/**
 * For a reader's `--import`: on SIGUSR2 it collects its garbage, and logs how many parts of its
 * attempts are still in memory.
 */
process.on("SIGUSR2", () => {
  const [leases, dumps, shipments] = [LeaseKeeper, BinlogDump, Shipment].map((part) =>
    queryObjects(part, { format: "count" }),
  );
  console.error(JSON.stringify({ msg: "in memory", leases, dumps, shipments }));
});
