package peers;

import com.amazonaws.services.sqs.AmazonSQSAsyncClient;
import com.zendesk.maxwell.MaxwellContext;
import com.zendesk.maxwell.producer.MaxwellSQSProducer;

/**
 * Maxwell's own SQS producer. It has no setting for an endpoint, so its client is replaced by one
 * with an endpoint.
 */
final class MaxwellSqsPeer extends MaxwellSQSProducer {
    MaxwellSqsPeer(MaxwellContext context, String queueUrl) {
        super(context, queueUrl);
        var sqs = new AmazonSQSAsyncClient();
        sqs.setEndpoint(System.getenv("AWS_ENDPOINT_URL_SQS"));
        try {
            var client = MaxwellSQSProducer.class.getDeclaredField("client");
            client.setAccessible(true);
            client.set(this, sqs);
        } catch (ReflectiveOperationException error) {
            throw new IllegalStateException(error);
        }
    }
}
