import type { Command } from "commander";
import { CommandError } from "../../shared/command-error.ts";
import { onStack, type StackContext } from "../../shared/command.ts";
import { table } from "../../shared/render.ts";
import { stopOfPerson } from "../../stretch/stop-of-person.ts";
import { openServer } from "../../stretch/traced-server.ts";
import { type SourceOptions, tracedSource } from "../../stretch/traced-source.ts";
import { assertQueue } from "./assert-queue.ts";
import { replayText, viewOf } from "./describe.ts";
import { type Replay, ReplayItems } from "./replay-items.ts";
import { newOwner, runReplay } from "./run-replay.ts";

export function list(replay: Command): void {
  replay
    .command("list")
    .description(
      "list all replays, the oldest first: for whom, which stretch, how far, who started them",
    )
    .action(
      onStack(async ({ target, report }) => {
        const replays = await new ReplayItems(target).all();
        report(replays.map(viewOf), () => listText(replays));
      }),
    );
}

export function resume(replay: Command): void {
  replay
    .command("resume <id>")
    .description("go on with a replay that was paused, that stopped, or whose process was killed")
    .action(onStack(goOn));
}

export function pause(replay: Command): void {
  replay
    .command("pause <id>")
    .description("stop sending after the current part; resume goes on")
    .action(
      onStack(async ({ target, report }, id: string) => {
        const items = new ReplayItems(target);
        assertOpen(await items.get(id));
        await items.wish(id, "pause");
        report({ id, wanted: "pause" }, () => `Replay ${id} pauses after the current part.`);
      }),
    );
}

export function cancel(replay: Command): void {
  replay
    .command("cancel <id>")
    .description("end a replay; messages that were sent stay in the queue")
    .action(
      onStack(async ({ target, report }, id: string) => {
        const items = new ReplayItems(target);
        assertOpen(await items.get(id));
        const owner = newOwner();
        await items.take(id, owner);
        // A part that another process is sending now is not counted.
        const replayed = await items.get(id);
        await items.advance(id, owner, replayed, "cancelled");
        const cancelled = { ...replayed, state: "cancelled" } as const;
        report(viewOf(cancelled), () => replayText(cancelled));
      }),
    );
}

async function goOn(
  { target, report, progress }: StackContext,
  id: string,
  _options: unknown,
  command: Command,
): Promise<void> {
  const items = new ReplayItems(target);
  const ordered = await items.get(id);
  assertOpen(ordered);
  const source = await tracedSource(target, command.optsWithGlobals<SourceOptions>());
  // Without the queue, the rest of the stretch would have no messages, and count as sent.
  assertQueue(source, ordered);
  await using server = await openServer(target, source);
  const owner = newOwner();
  const signal = stopOfPerson();
  await items.take(id, owner);
  // The former process cannot record anything any more, because it no longer owns the replay.
  const replay = await items.get(id);
  const running = { context: { target, progress }, source, server, signal };
  const ended = await runReplay(running, replay, owner);
  report(viewOf(ended), () => replayText(ended));
}

function assertOpen({ id, state }: Replay): void {
  if (state === "complete" || state === "cancelled")
    throw new CommandError(`the replay ${id} is ${state} already`);
}

function listText(replays: readonly Replay[]): string {
  if (replays.length === 0) return "There are no replays.";
  return table(
    ["replay", "for", "from", "to", "tables", "state", "changes", "started by", "started"],
    replays.map((replay) => {
      const { id, subscriber, environment, from, to, tables, state, changes, startedBy } = replay;
      return [
        id,
        `${subscriber} in ${environment}`,
        from,
        to ?? "",
        tables?.join(", ") ?? "all",
        state,
        changes,
        startedBy,
        viewOf(replay).startedAt,
      ];
    }),
  );
}
