package peers;

import com.alibaba.fastjson2.JSON;
import com.alibaba.fastjson2.JSONWriter;
import com.alibaba.otter.canal.connector.core.producer.MQMessageUtils;
import com.alibaba.otter.canal.instance.manager.CanalInstanceWithManager;
import com.alibaba.otter.canal.instance.manager.model.Canal;
import com.alibaba.otter.canal.instance.manager.model.CanalParameter;
import com.alibaba.otter.canal.protocol.ClientIdentity;
import com.alibaba.otter.canal.protocol.FlatMessage;
import com.alibaba.otter.canal.protocol.Message;
import com.alibaba.otter.canal.server.embedded.CanalServerWithEmbedded;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * canal's embedded server with everything in memory. Its rows become the flat JSON messages of its
 * queue connectors, and are counted.
 */
public final class CanalPeer {
    private static final String DESTINATION = "peer";
    private static final String TABLES = "shop\\..*";
    /** How many entries a batch has at most, as in canal's client example. */
    private static final int BATCH = 5 * 1024;
    private static final long WAIT_MS = 100;
    /** How many threads build messages, the default of the queue connectors. */
    private static final int BUILDERS = 8;

    public static void main(String[] arguments) throws Exception {
        var count = new Count();
        var server = CanalServerWithEmbedded.instance();
        server.setCanalInstanceGenerator(destination -> new CanalInstanceWithManager(canal(), TABLES));
        server.start();
        server.start(DESTINATION);
        var client = new ClientIdentity(DESTINATION, (short) 1, TABLES);
        server.subscribe(client);
        var builders = new ThreadPoolExecutor(BUILDERS, BUILDERS, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>());
        for (;;) {
            Message message = server.getWithoutAck(client, BATCH, WAIT_MS, TimeUnit.MILLISECONDS);
            if (message.getId() == -1) continue;
            long rows = 0;
            var data = MQMessageUtils.buildMessageData(message, builders);
            for (FlatMessage flat : MQMessageUtils.messageConverter(data, message.getId())) {
                JSON.toJSONString(flat, JSONWriter.Feature.WriteNulls);
                if (flat.getIsDdl() || flat.getData() == null) continue;
                rows += flat.getData().size();
                if (!count.wantsDelays()) continue;
                for (var row : flat.getData()) count.arrived(Long.parseLong(row.get("written_us")));
            }
            server.ack(client, message.getId());
            count.add(rows);
        }
    }

    private static Canal canal() {
        var parameter = new CanalParameter();
        parameter.setMetaMode(CanalParameter.MetaMode.MEMORY);
        parameter.setHaMode(CanalParameter.HAMode.HEARTBEAT);
        parameter.setIndexMode(CanalParameter.IndexMode.MEMORY);
        parameter.setStorageMode(CanalParameter.StorageMode.MEMORY);
        parameter.setSourcingType(CanalParameter.SourcingType.MYSQL);
        parameter.setDbAddresses(List.of(
            new InetSocketAddress(System.getenv("PEER_HOST"), Integer.parseInt(System.getenv("PEER_PORT")))));
        parameter.setDbUsername(System.getenv("PEER_USER"));
        parameter.setDbPassword(System.getenv("PEER_PASSWORD"));
        // Without a position it would ask SHOW MASTER STATUS, which MySQL 8.4 no longer knows.
        parameter.setPositions(List.of(
            "{\"journalName\":\"" + System.getenv("PEER_FILE") + "\",\"position\":" + System.getenv("PEER_POSITION") + "}"));
        parameter.setSlaveId(Long.parseLong(System.getenv("PEER_SERVER_ID")));
        parameter.setConnectionCharset("UTF-8");
        parameter.setConnectionCharsetNumber((byte) 33);
        parameter.setDetectingEnable(false);
        var canal = new Canal();
        canal.setId(1L);
        canal.setName(DESTINATION);
        canal.setCanalParameter(parameter);
        return canal;
    }
}
