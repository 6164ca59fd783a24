package peers;

import io.debezium.engine.ChangeEvent;
import io.debezium.engine.DebeziumEngine;
import java.net.URI;
import java.util.List;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.SendMessageRequest;

/**
 * Sends as the SQS sink of Debezium Server does: a SendMessage for each record, one after the
 * other, all in one message group.
 */
final class SqsSink implements DebeziumEngine.ChangeConsumer<ChangeEvent<String, String>> {
    private final String queueUrl;
    private final SqsClient sqs = SqsClient.builder()
        .region(Region.of(System.getenv("AWS_REGION")))
        .endpointOverride(URI.create(System.getenv("AWS_ENDPOINT_URL_SQS")))
        .build();

    SqsSink(String queueUrl) {
        this.queueUrl = queueUrl;
    }

    @Override
    public void handleBatch(
        List<ChangeEvent<String, String>> records,
        DebeziumEngine.RecordCommitter<ChangeEvent<String, String>> committer) throws InterruptedException {
        for (var record : records) {
            sqs.sendMessage(SendMessageRequest.builder()
                .queueUrl(queueUrl)
                .messageBody(record.value() == null ? "" : record.value())
                .messageGroupId("cdc-group")
                .build());
            committer.markProcessed(record);
        }
        committer.markBatchFinished();
    }
}
