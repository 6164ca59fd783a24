import { isPosition } from "../../../wire/position.ts";
import { connectionName, type Connection } from "../../../wire/session.ts";
import { recordAnswer } from "../answer.ts";
import { CommandError } from "../command-error.ts";
import { revive } from "../revive.ts";
import { troubledStreams } from "../streams.ts";
import type { CommandContext } from "./context.ts";

export interface AttributeOptions {
  readonly user: string;
  readonly host: string;
  /** From which position on; left out, for the whole connection as far as nothing else is known. */
  readonly from?: string;
}

/**
 * Answers for a connection whose author is not known: from now on its changes count as written by `user`, and say that an
 * operator said so. Its parked streams become due.
 */
export async function attributeCommand(
  { target, print, json }: CommandContext,
  name: string,
  { user, host, from = "" }: AttributeOptions,
): Promise<void> {
  const connection = parseConnection(name);
  if (from !== "" && !isPosition(from)) throw new CommandError(`${from} is not a position`);
  await recordAnswer(target, connection, { user, host, from });
  let due = 0;
  for (const { stream } of await troubledStreams(target)) {
    if (stream.kind !== "thread" || stream.name !== connectionName(connection)) continue;
    if (await revive(target, stream)) due++;
  }
  if (json)
    return print(
      JSON.stringify({ connection: connectionName(connection), user, host, due }, null, 2),
    );
  print(`${connectionName(connection)} counts as ${user}; ${due} parked streams are due now.`);
}

/** `<server uuid>/<run>/<thread>`, or a stream's name that ends in it. */
function parseConnection(name: string): Connection {
  const match = /^(?:thread\/\d+\/)?([^/]+)\/(\d+)\/(\d+)$/.exec(name);
  if (match === null) {
    throw new CommandError(
      `${name} names no connection; "list" shows them as thread/<lane>/<server>/<run>/<thread>`,
    );
  }
  const [, server = "", run, thread] = match;
  return { server, run: Number(run), thread: Number(thread) };
}
