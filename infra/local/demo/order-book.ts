import type { Connection, ResultSetHeader } from "mysql2/promise";
import type { Mark } from "./mark.ts";

/** An existing order, with the number of the last change of each of its two rows. */
interface LiveOrder {
  readonly orderId: number;
  readonly paymentId: number;
  readonly steps: number;
  readonly orderNumber: number;
  readonly paymentNumber: number;
}

const CUSTOMERS = ["Ada Lovelace", "Grace Hopper", "Łukasz Żółć", "山田 太郎", "Zoë 🦊", "O'Neill"];
const STATUS_AFTER = ["placed", "paid", "packed", "shipped"] as const;
const MOST_LIVE_ORDERS = 20;

/**
 * The orders of one writer. It places an order with its payment, advances its status step by step,
 * and removes it. No other writer touches these rows, and it runs one transaction at a time.
 */
export class OrderBook {
  readonly #environment: string;
  readonly #nextNumber: () => number;
  readonly #orders: LiveOrder[] = [];

  constructor(environment: string, nextNumber: () => number) {
    this.#environment = environment;
    this.#nextNumber = nextNumber;
  }

  /**
   * Runs the next transaction on `connection` and returns its changes after the commit. After an
   * error it is unknown whether the transaction was committed; its order is not touched again.
   */
  async transact(connection: Connection): Promise<Mark[]> {
    const oldest = this.#orders.length < MOST_LIVE_ORDERS ? undefined : this.#orders.shift();
    if (oldest === undefined) return this.#place(connection);
    return oldest.steps < STATUS_AFTER.length
      ? this.#advance(connection, oldest)
      : this.#remove(connection, oldest);
  }

  async #place(connection: Connection): Promise<Mark[]> {
    const [orderNumber, paymentNumber] = [this.#nextNumber(), this.#nextNumber()];
    const customer = CUSTOMERS[orderNumber % CUSTOMERS.length];
    const total = ((orderNumber * 37) % 10_000) / 100;
    await connection.beginTransaction();
    const orderId = await insert(
      connection,
      "INSERT INTO orders (customer, total, written_by, change_no) VALUES (?, ?, ?, ?)",
      [customer, total, this.#environment, orderNumber],
    );
    const paymentId = await insert(
      connection,
      "INSERT INTO payments (order_id, method, amount, written_by, change_no) VALUES (?, 'card', ?, ?, ?)",
      [orderId, total, this.#environment, paymentNumber],
    );
    await connection.commit();
    this.#orders.push({ orderId, paymentId, steps: 1, orderNumber, paymentNumber });
    return [
      this.#mark("c", "orders", orderId, orderNumber),
      this.#mark("c", "payments", paymentId, paymentNumber),
    ];
  }

  async #advance(connection: Connection, order: LiveOrder): Promise<Mark[]> {
    const orderNumber = this.#nextNumber();
    await connection.query("UPDATE orders SET status = ?, change_no = ? WHERE id = ?", [
      STATUS_AFTER[order.steps],
      orderNumber,
      order.orderId,
    ]);
    this.#orders.push({ ...order, steps: order.steps + 1, orderNumber });
    return [this.#mark("u", "orders", order.orderId, orderNumber)];
  }

  async #remove(connection: Connection, order: LiveOrder): Promise<Mark[]> {
    await connection.beginTransaction();
    await connection.query("DELETE FROM payments WHERE id = ?", [order.paymentId]);
    await connection.query("DELETE FROM orders WHERE id = ?", [order.orderId]);
    await connection.commit();
    return [
      this.#mark("d", "payments", order.paymentId, order.paymentNumber),
      this.#mark("d", "orders", order.orderId, order.orderNumber),
    ];
  }

  #mark(op: Mark["op"], table: string, row: number, number: number): Mark {
    return { writtenBy: this.#environment, op, table, row, number };
  }
}

async function insert(connection: Connection, sql: string, values: unknown[]): Promise<number> {
  const [result] = await connection.query<ResultSetHeader>(sql, values);
  return result.insertId;
}
