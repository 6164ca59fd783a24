package peers;

import io.debezium.engine.ChangeEvent;
import io.debezium.engine.DebeziumEngine;
import io.debezium.engine.format.Json;
import java.util.List;
import java.util.Properties;

/**
 * Debezium's embedded engine with the MySQL connector and JSON without schemas. It counts the rows
 * or, where PEER_QUEUE_URL names a queue, sends them to it. Arguments: further properties of the
 * connector, such as poll.interval.ms=10.
 */
public final class DebeziumPeer {
    static final String NAME = "peer";
    static final String PREFIX = "shop";

    public static void main(String[] arguments) throws Exception {
        Properties settings = settings();
        for (String argument : arguments) {
            String[] nameAndValue = argument.split("=", 2);
            settings.setProperty(nameAndValue[0], nameAndValue[1]);
        }
        String queueUrl = System.getenv("PEER_QUEUE_URL");
        DebeziumEngine.ChangeConsumer<ChangeEvent<String, String>> consumer =
            queueUrl == null ? new Counter() : new SqsSink(queueUrl);
        try (var engine = DebeziumEngine.create(Json.class)
            .using(settings)
            .using((success, message, error) -> {
                if (success) return;
                System.err.println(message);
                if (error != null) error.printStackTrace();
                Runtime.getRuntime().halt(1);
            })
            .notifying(consumer)
            .build()) {
            engine.run();
        }
    }

    private static Properties settings() {
        Properties settings = new Properties();
        settings.setProperty("name", NAME);
        settings.setProperty("connector.class", "io.debezium.connector.mysql.MySqlConnector");
        settings.setProperty("topic.prefix", PREFIX);
        settings.setProperty("database.hostname", System.getenv("PEER_HOST"));
        settings.setProperty("database.port", System.getenv("PEER_PORT"));
        settings.setProperty("database.user", System.getenv("PEER_USER"));
        settings.setProperty("database.password", System.getenv("PEER_PASSWORD"));
        settings.setProperty("database.server.id", System.getenv("PEER_SERVER_ID"));
        settings.setProperty("database.ssl.mode", "disabled");
        settings.setProperty("driver.allowPublicKeyRetrieval", "true");
        settings.setProperty("database.include.list", "shop");
        // Reads the tables' definitions but no rows, and continues from the offset that StartAt
        // gives.
        settings.setProperty("snapshot.mode", "recovery");
        settings.setProperty("include.schema.changes", "false");
        settings.setProperty("schema.history.internal", "io.debezium.relational.history.MemorySchemaHistory");
        settings.setProperty("offset.storage", StartAt.class.getName());
        settings.setProperty("offset.flush.interval.ms", "1000");
        settings.setProperty("key.converter.schemas.enable", "false");
        settings.setProperty("value.converter.schemas.enable", "false");
        return settings;
    }

    private static final class Counter implements DebeziumEngine.ChangeConsumer<ChangeEvent<String, String>> {
        private final Count count = new Count();

        @Override
        public void handleBatch(
            List<ChangeEvent<String, String>> records,
            DebeziumEngine.RecordCommitter<ChangeEvent<String, String>> committer) throws InterruptedException {
            long rows = 0;
            for (var record : records) {
                if (record.value() != null) {
                    rows++;
                    if (count.wantsDelays()) count.arrived(writtenUs(record.value()));
                }
                committer.markProcessed(record);
            }
            committer.markBatchFinished();
            try {
                count.add(rows);
            } catch (Exception error) {
                throw new IllegalStateException(error);
            }
        }

        /** The column `written_us` of the row after the change. */
        private static long writtenUs(String json) {
            String name = "\"written_us\":";
            int begin = json.lastIndexOf(name) + name.length();
            int end = begin;
            while (Character.isDigit(json.charAt(end))) end++;
            return Long.parseLong(json, begin, end, 10);
        }
    }
}
