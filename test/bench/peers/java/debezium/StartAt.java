package peers;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.connect.storage.MemoryOffsetBackingStore;

/** Offsets in memory that begin at a given place, as if the connector had stopped there. */
public final class StartAt extends MemoryOffsetBackingStore {
    @Override
    public void start() {
        super.start();
        String key = "[\"" + DebeziumPeer.NAME + "\",{\"server\":\"" + DebeziumPeer.PREFIX + "\"}]";
        // Without the GTIDs, the connector of 3.6 throws a NullPointerException if the server has
        // some.
        String value = "{\"file\":\"" + System.getenv("PEER_FILE") + "\",\"pos\":"
            + System.getenv("PEER_POSITION") + ",\"gtids\":\"" + System.getenv("PEER_GTIDS") + "\"}";
        data.put(ByteBuffer.wrap(key.getBytes(UTF_8)), ByteBuffer.wrap(value.getBytes(UTF_8)));
    }

    @Override
    public Set<Map<String, Object>> connectorPartitions(String connector) {
        return Set.of();
    }
}
