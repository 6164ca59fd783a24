import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;

/**
 * A consumer of an environment queue with the AWS SDK for Java 2.x and Jackson. QUEUE_URL is the queue's URL.
 *
 * <p>For messages too large for SQS, use the Amazon SQS Extended Client Library: make the client with {@code new
 * AmazonSQSExtendedClient(SqsClient.create(), new ExtendedClientConfiguration().withPayloadSupportEnabled(s3, bucket,
 * false))}. The {@code false} keeps the objects until the bucket's lifecycle removes them.
 */
public final class Consumer {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final SqsClient sqs;
  private final String queueUrl;

  /** The latest handled changes. Keep them in a database to recognise repeats after a restart. */
  private final Set<String> handled =
      Collections.newSetFromMap(
          new LinkedHashMap<>() {
            @Override
            protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
              return size() > 100_000;
            }
          });

  Consumer(SqsClient sqs, String queueUrl) {
    this.sqs = sqs;
    this.queueUrl = queueUrl;
  }

  public static void main(String[] arguments) {
    try (var sqs = SqsClient.create()) {
      var consumer = new Consumer(sqs, System.getenv("QUEUE_URL"));
      while (!Thread.interrupted()) {
        consumer.receive();
      }
    }
  }

  private void receive() {
    var answer =
        sqs.receiveMessage(
            request ->
                request
                    .queueUrl(queueUrl)
                    .maxNumberOfMessages(10)
                    .waitTimeSeconds(20)
                    .visibilityTimeout(60)
                    .messageSystemAttributeNames(MessageSystemAttributeName.MESSAGE_GROUP_ID));
    Set<String> failed = new HashSet<>();
    for (Message received : answer.messages()) {
      var group = received.attributes().get(MessageSystemAttributeName.MESSAGE_GROUP_ID);
      // The rest of a failed group also waits for the visibility timeout, so that no message overtakes
      // the failed one.
      if (failed.contains(group)) {
        continue;
      }
      try {
        handle(JSON.readTree(received.body()));
      } catch (Exception error) {
        System.err.println("group " + group + ": " + error);
        failed.add(group);
        continue;
      }
      sqs.deleteMessage(
          request -> request.queueUrl(queueUrl).receiptHandle(received.receiptHandle()));
    }
  }

  private void handle(JsonNode message) {
    if (message.path("version").asInt() != 1) {
      throw new IllegalArgumentException("message version " + message.path("version") + " is not supported");
    }
    for (JsonNode change : message.path("changes")) {
      // Includes the commit time, because MySQL can assign a GTID again after RESET BINARY LOGS AND GTIDS.
      var key = change.path("id").asText() + " " + change.path("source").path("ts_ms").asLong();
      if (handled.contains(key)) {
        continue;
      }
      handle(change.path("op").asText(), change);
      handled.add(key);
    }
  }

  /** The work. Read 64-bit columns with {@code asLong()} or {@code bigIntegerValue()}: they keep all digits. */
  private void handle(String op, JsonNode change) {
    System.out.println(op + " " + change.path("source").path("table").asText());
  }
}
