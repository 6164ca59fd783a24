package peers;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Counts rows, from the first ones to the last expected one. For one thread only. */
final class Count {
    private final long expected = Long.parseLong(System.getenv("PEER_ROWS"));
    private long rows;
    private long firstRows;
    private long beganNs;

    /** Adds rows that arrived together. After the last expected row it ends the process. */
    void add(long more) throws Exception {
        if (more == 0) return;
        rows += more;
        if (beganNs == 0) {
            beganNs = System.nanoTime();
            firstRows = rows;
        }
        if (rows < expected) return;
        double rate = (rows - firstRows) / ((System.nanoTime() - beganNs) / 1e9);
        String result = String.format(Locale.ROOT, "{\"rows\":%d,\"rowsPerSecond\":%f}", rows, rate);
        Files.writeString(Path.of(System.getenv("PEER_RESULT")), result);
        Runtime.getRuntime().halt(0);
    }
}
