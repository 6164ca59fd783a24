/** The request units that a table's requests have consumed since the start. */
export interface ConsumedUnits {
  readonly read: number;
  readonly write: number;
}

const READ_UNIT_BYTES = 4096;
const WRITE_UNIT_BYTES = 1024;
const READS = new Set(["GetItem", "BatchGetItem", "Query", "Scan"]);
const WRITES = new Set(["PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"]);

/**
 * Estimates consumed request units from the sizes of reads' answers and writes' requests. DynamoDB
 * counts only the items' bytes, and half for eventually consistent reads, so this is an upper
 * bound.
 */
export class Capacity {
  readonly #tables = new Map<string, { read: number; write: number }>();

  count(action: string, table: string, requestBytes: number, answerBytes: number): void {
    const isRead = READS.has(action);
    if (!isRead && !WRITES.has(action)) return;
    let units = this.#tables.get(table);
    if (units === undefined) this.#tables.set(table, (units = { read: 0, write: 0 }));
    if (isRead) units.read += Math.max(1, Math.ceil(answerBytes / READ_UNIT_BYTES));
    else units.write += Math.max(1, Math.ceil(requestBytes / WRITE_UNIT_BYTES));
  }

  byTable(): ReadonlyMap<string, ConsumedUnits> {
    return this.#tables;
  }
}
