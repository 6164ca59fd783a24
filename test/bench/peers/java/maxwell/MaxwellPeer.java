package peers;

import com.zendesk.maxwell.MaxwellContext;
import com.zendesk.maxwell.producer.AbstractProducer;
import com.zendesk.maxwell.producer.ProducerFactory;
import com.zendesk.maxwell.row.RowMap;

/**
 * Like Maxwell's own producer for standard output, and counts the rows. Standard output is
 * /dev/null.
 */
public final class MaxwellPeer extends AbstractProducer {
    private final Count count = new Count();

    private MaxwellPeer(MaxwellContext context) {
        super(context);
    }

    @Override
    public void push(RowMap row) throws Exception {
        String output = row.toJSON(outputConfig);
        if (output != null && row.shouldOutput(outputConfig)) {
            System.out.println(output);
            if ("shop".equals(row.getDatabase())) {
                if (count.wantsDelays()) count.arrived(((Number) row.getData("written_us")).longValue());
                count.add(1);
            }
        }
        context.setPosition(row);
    }

    public static final class Factory implements ProducerFactory {
        @Override
        public AbstractProducer createProducer(MaxwellContext context) {
            String queueUrl = System.getenv("PEER_QUEUE_URL");
            return queueUrl == null ? new MaxwellPeer(context) : new MaxwellSqsPeer(context, queueUrl);
        }
    }
}
