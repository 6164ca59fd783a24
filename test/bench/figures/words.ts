import type { Words } from "./peers-table.ts";

export const ENGLISH: Words = {
  reader: "binlog-router's reader, rows/s",
  limit: "the server's limit (`mysqlbinlog --raw`)",
  work: (name) => name,
  caption: ({ startedAt, machine }, rounds) =>
    `Rows a second of the reader, and how many times as fast as each other program it is: the median of ${rounds} rounds, and the least and greatest one; a ratio without these is of one round. Measured on ${startedAt.slice(0, 10)} (${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, MySQL ${machine.mysql}).`,
  queue: {
    caption:
      "From the binlog through SQS to an application: changes a second, and the delay in ms (p50 / p99) of one-row transactions, 100 a second, from the statement to the application, and from the statement to the program's own callback (the reader's frame at its queue). Each was measured once in the same run. Rows arrived in order unless the table says otherwise. Maxwell's SQS producer needs a standard queue, which promises no order; the others send to FIFO queues.",
    works: {
      bulk: "200-row transactions, changes/s",
      oneRow: "one-row transactions, changes/s",
      delay: "delay through SQS, ms",
      callback: "delay to the callback, ms",
    },
    outOfOrder: (percent) => `${percent} % out of order`,
  },
};

const CHINESE_WORK = new Map([
  ["bulk inserts, 200 rows a statement", "批量插入，每条语句 200 行"],
  ["one-row transactions", "单行事务"],
  ["wide rows, 60 columns", "60 列的宽行"],
  ["updates, 200 rows a statement", "更新，每条语句 200 行"],
]);

export const CHINESE: Words = {
  reader: "binlog-router 的 reader，行/秒",
  limit: "服务器的上限（`mysqlbinlog --raw`）",
  work(name) {
    const chinese = CHINESE_WORK.get(name);
    if (chinese === undefined) throw new RangeError(`no Chinese for the workload "${name}"`);
    return chinese;
  },
  caption: ({ startedAt, machine }, rounds) =>
    `reader 每秒的行数，以及它是其他每个程序的多少倍：${rounds} 轮的中位数，括号里是最小和最大的一轮；没有括号的只测了一轮。测于 ${startedAt.slice(0, 10)}（${machine.cpu}，${machine.cores} 核，Node ${machine.node}，MySQL ${machine.mysql}）。`,
  queue: {
    caption:
      "从 binlog 经 SQS 到应用：每秒的变更数；以及每秒 100 个单行事务的延迟（毫秒，p50 / p99），从语句到应用，和从语句到程序自己的回调（reader 则是帧到达其队列）。每项在同一次运行中测一次。除非表中另有说明，行都按顺序到达。Maxwell 的 SQS producer 需要不保证顺序的标准队列；其他程序发送到 FIFO 队列。",
    works: {
      bulk: "200 行的事务，变更/秒",
      oneRow: "单行事务，变更/秒",
      delay: "经 SQS 的延迟，毫秒",
      callback: "到回调的延迟，毫秒",
    },
    outOfOrder: (percent) => `${percent}% 乱序`,
  },
};
