import type ZongJi from "@vlasky/zongji";
import { closeConnection } from "./close-connection.ts";

/** How long the server may take to acknowledge the end of a dump. */
const ANSWER_MS = 1000;

/**
 * Ends the dump on the server, then both connections of zongji. zongji itself would send `KILL`.
 * For it, MySQL closes the dump's socket while the dump's thread may still be writing to it through
 * TLS. The next client may have got the number of that socket by then: it would receive the dump's
 * bytes, or the thread would read what the client sends. `KILL QUERY` only tells the thread to end.
 *
 * `server`: `@@server_uuid` of the server that dumps; null while there is no dump. The connection
 * that sends `KILL QUERY` may lead to another server, where the thread with that number is another
 * client's.
 */
export async function endDump(zongji: ZongJi, server: string | null): Promise<void> {
  const { connection, ctrlConnection } = zongji;
  const stream = connection?.stream;
  const thread = connection?.threadId;
  if (server !== null && thread != null && ctrlConnection?.state === "authenticated") {
    const answered = Promise.withResolvers<void>();
    const timer = setTimeout(answered.resolve, ANSWER_MS);
    // No thread has the number 0.
    const kill = "KILL QUERY IF(@@server_uuid = ?, ?, 0)";
    ctrlConnection.query(kill, [server, thread], () => answered.resolve());
    await answered.promise;
    clearTimeout(timer);
  }
  // Without this connection, zongji cannot send its own `KILL`.
  if (ctrlConnection != null) closeConnection(ctrlConnection);
  zongji.stop();
  // A paused socket would never notice that the server has closed the connection.
  stream?.destroy();
}
