import { setTimeout as delay } from "node:timers/promises";
import type { RowDataPacket } from "mysql2/promise";
import { expect, test } from "vitest";
import { installLedger } from "../../../operator/ledger/install-ledger.ts";
import { useLocalAws } from "../../support/local-aws.ts";
import { useMysql } from "../../support/mysql.ts";
import { SeededRandom } from "@binlog-router/local-aws/seeded-random";
import { ReaderBench, type ReaderProcess } from "../../support/reader.ts";
import { Replica } from "../../support/replica.ts";
import { TcpProxy } from "../../support/tcp-proxy.ts";
import { LOAD_TABLES, writeLoad } from "../../support/write-load.ts";
import { unpackFrame } from "../../../wire/frame-body.ts";

// A longer run, or a repeated one: FAULT_ROUNDS=500 FAULT_SEED=12345 npx vitest run --project
// integration faults
const ROUNDS = Number(process.env["FAULT_ROUNDS"] ?? 16);
const SEED = Number(process.env["FAULT_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
// Runs only the faults whose name contains this text.
const ONLY = process.env["FAULT_ONLY"] ?? "";
const LEASE_SECONDS = 3;
const ENVIRONMENTS = ["production", "staging", "test"];

const mysql = useMysql();
const aws = useLocalAws();

test(
  `no change is missing, duplicated, misrouted or out of order after ${ROUNDS} faults under load`,
  { timeout: 120_000 + ROUNDS * 30_000 },
  async () => {
    console.log(
      `seed ${SEED}: FAULT_SEED=${SEED} FAULT_ROUNDS=${ROUNDS} reproduces the choice of faults`,
    );
    const random = new SeededRandom(SEED);
    await mysql.query("CREATE DATABASE shop");
    for (const table of LOAD_TABLES) await mysql.query(table);
    await installLedger(await mysql.connect());
    // The test's server does not keep persisted variables, so init_connect is set again after a
    // restart.
    const [{ init_connect } = { init_connect: "" }] = await mysql.query<{ init_connect: string }>(
      "SELECT @@global.init_connect AS init_connect",
    );
    const variables = { init_connect };

    await using mysqlProxy = await TcpProxy.listen(mysql.server);
    await using sqsProxy = await TcpProxy.listen({
      host: "127.0.0.1",
      port: Number(new URL(aws.endpoints.sqs).port),
    });
    await using bench = await ReaderBench.create(
      aws,
      {
        host: "127.0.0.1",
        port: mysqlProxy.port,
        user: mysql.server.user,
        password: mysql.server.password,
      },
      {
        LEASE_SECONDS: String(LEASE_SECONDS),
        SILENCE_SECONDS: "3",
        SOURCE_TLS: random.below(2) === 0 ? "off" : "encrypt",
        LOG_LEVEL: "info",
        AWS_ENDPOINT_URL_SQS: `http://127.0.0.1:${sqsProxy.port}`,
      },
    );
    // One of the two readers reads; the other one waits.
    const readers: ReaderProcess[] = [
      await bench.start(),
      await bench.start("another reader holds this source; waiting as its standby"),
    ];

    const lastSeq = new Map<string, number>();
    const foreign: string[] = [];
    let attributed = 0;
    let marker = -1;
    const replica = new Replica(bench.source, (table, row, user) => {
      const { environment } = row;
      if (environment !== "marker") {
        // The ledger has every connection of every run, however late its changes are read.
        if (user !== `app_${String(environment)}`) {
          foreign.push(`${user ?? "an unknown user"} wrote a row of ${String(environment)}`);
        }
        attributed++;
      }
      if (table !== "shop.journal") return;
      if (environment === "marker") marker = Number(row["seq"]);
      const writer = `${String(environment)}/${String(row["writer"])}`;
      const seq = Number(row["seq"]);
      if (seq <= (lastSeq.get(writer) ?? -1))
        replica.violations.push(`${writer}: ${seq} came after ${lastSeq.get(writer)}`);
      lastSeq.set(writer, seq);
    });

    const stopWriting = new AbortController();
    const stopTaking = new AbortController();
    const writers = await startWriters(stopWriting.signal);
    const taking = (async () => {
      while (!stopTaking.signal.aborted)
        for (const body of await bench.receiveTexts(1)) replica.take(await unpackFrame(body));
    })();
    await using ending = new AsyncDisposableStack();
    ending.defer(async () => {
      stopWriting.abort();
      stopTaking.abort();
      await Promise.all([...writers, taking]);
    });
    /** Waits until a marker has been replayed, and with it everything written before it. */
    const arrives = async (round: number, after: string): Promise<void> => {
      const deadlineMs = performance.now() + 60_000;
      while (marker < round) {
        await delay(20);
        if (performance.now() < deadlineMs) continue;
        throw new Error(
          `no change arrives after: ${after} (round ${round})\n${bench.recentLogs()}`,
        );
      }
    };

    const faults: Record<string, () => Promise<void>> = {
      "inject no fault": async () => delay(2000),
      "kill a reader": async () => {
        const index = random.below(2);
        await readers[index]?.kill();
        readers[index] = await bench.start("ready");
      },
      "stop a reader": async () => {
        const index = random.below(2);
        const code = await readers[index]?.stop();
        expect(code, bench.recentLogs()).toBe(0);
        readers[index] = await bench.start("ready");
      },
      "suspend a reader for longer than its lease": async () => {
        const reader = readers[random.below(2)];
        reader?.signal("SIGSTOP");
        await delay(LEASE_SECONDS * 1500);
        reader?.signal("SIGCONT");
      },
      "cut the MySQL connections": async () => mysqlProxy.cut(),
      "cut the MySQL connections, twice while connecting": async () => {
        mysqlProxy.refuse(true);
        mysqlProxy.cut();
        await delay(random.next() * 800);
        mysqlProxy.refuse(false);
        for (let i = 0; i < 4; i++) {
          await delay(random.next() * 60);
          mysqlProxy.cut();
        }
      },
      "withhold MySQL's answers for longer than heartbeats allow": async () => {
        mysqlProxy.hold(true);
        await delay(4000);
        mysqlProxy.hold(false);
      },
      "delay MySQL": async () => {
        for (let i = 0; i < 5; i++) {
          mysqlProxy.hold(true);
          await delay(random.next() * 200);
          mysqlProxy.hold(false);
        }
      },
      "cut the SQS connections": async () => {
        for (let i = 0; i < 5; i++) {
          sqsProxy.cut();
          await delay(random.next() * 60);
        }
      },
      "make SQS unreachable": async () => {
        sqsProxy.refuse(true);
        sqsProxy.cut();
        await delay(1500);
        sqsProxy.refuse(false);
      },
      "silence SQS": async () => {
        sqsProxy.hold(true);
        await delay(6000);
        sqsProxy.hold(false);
      },
      "restart MySQL": async () => mysql.server.restart({ variables }),
      "crash MySQL": async () => mysql.server.restart({ hard: true, variables }),
      "rotate the log": async () => {
        for (let i = 0; i < 3; i++) await mysql.query("FLUSH BINARY LOGS");
      },
    };
    const names = Object.keys(faults).filter((name) => name.includes(ONLY));
    const happened = new Map<string, number>();
    for (let round = 0; round < ROUNDS; round++) {
      // Each kind once, then kinds at random.
      const name = names[round < names.length ? round : random.below(names.length)] ?? "";
      happened.set(name, (happened.get(name) ?? 0) + 1);
      const startedMs = performance.now();
      await faults[name]?.();
      await mysql.query("INSERT INTO shop.journal VALUES ('marker', 0, ?)", [round]);
      await arrives(round, name);
      console.log(
        `round ${round}: ${name}, changes arrive after ${Math.round(performance.now() - startedMs)} ms`,
      );
    }

    stopWriting.abort();
    await Promise.all(writers);
    console.log("the writers have ended");
    await mysql.query("INSERT INTO shop.journal VALUES ('marker', 0, ?)", [ROUNDS]);
    await arrives(ROUNDS, "the end");
    stopTaking.abort();
    await taking;

    // The readers recover without an operator.
    expect(readers.map(({ hasEnded }) => hasEnded)).toEqual([false, false]);
    expect(replica.violations).toEqual([]);
    expect(foreign).toEqual([]);
    for (const table of ["journal", "stock"]) {
      const rows = await mysql.query<RowDataPacket>(`SELECT * FROM shop.${table}`);
      const arrived = [...(replica.tables.get(`shop.${table}`)?.values() ?? [])];
      expect(sorted(arrived)).toEqual(sorted(rows));
      console.log(`shop.${table}: ${rows.length} rows, all as in the database`);
    }
    console.log(
      `${replica.changes} changes, ${attributed} new rows of known authors, ` +
        `${replica.repeatedFrames} repeated frames filtered`,
    );
  },
);

function sorted(rows: readonly object[]): string[] {
  return rows.map((row) => JSON.stringify(row)).sort();
}

/** Runs two writers for each environment until the signal is aborted. */
async function startWriters(signal: AbortSignal): Promise<Promise<void>[]> {
  const writers: Promise<void>[] = [];
  for (const environment of ENVIRONMENTS) {
    const { user, password } = await mysql.createAccount(`app_${environment}`, ["ALL ON shop.*"]);
    for (let i = 0; i < 2; i++) {
      const writer = writers.length;
      writers.push(
        writeLoad({
          server: () => ({ host: mysql.server.host, port: mysql.server.port }),
          user,
          password,
          environment,
          writer,
          signal,
          random: new SeededRandom(SEED + writer),
        }),
      );
    }
  }
  return writers;
}
