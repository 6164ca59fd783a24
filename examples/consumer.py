"""A consumer of an environment queue with boto3. QUEUE_URL is the queue's URL; Ctrl-C ends it."""

import json
import os
import sys

import boto3

# How many handled changes are remembered. A repeat of a forgotten change is handled again.
MOST_REMEMBERED = 100_000
POINTER = "software.amazon.payloadoffloading.PayloadS3Pointer"


def consume(sqs, queue_url, handle):
    """Calls handle(change) once for each change, in order within each message group.

    Python's integers keep all digits."""
    # The handled changes, oldest first. Keep them in a database to recognise repeats after a restart.
    handled = {}
    while True:
        answer = sqs.receive_message(
            QueueUrl=queue_url,
            MaxNumberOfMessages=10,
            WaitTimeSeconds=20,
            VisibilityTimeout=60,  # must exceed the time for ten messages, unless extended meanwhile
            MessageSystemAttributeNames=["MessageGroupId"],
        )
        failed = set()
        for received in answer.get("Messages", []):
            group = received["Attributes"]["MessageGroupId"]
            if group in failed:
                continue  # also waits for the visibility timeout, so that no message overtakes the failed one
            try:
                handle_message(json.loads(received["Body"]), handled, handle)
            except Exception as error:
                print(f"group {group}: {error!r}", file=sys.stderr)
                failed.add(group)
                continue
            sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=received["ReceiptHandle"])


def handle_message(message, handled, handle):
    if isinstance(message, list) and message[0] == POINTER:
        place = message[1]
        s3 = boto3.client("s3")
        body = s3.get_object(Bucket=place["s3BucketName"], Key=place["s3Key"])["Body"]
        message = json.loads(body.read())
    if message["version"] != 1:
        raise ValueError(f"message version {message['version']} is not supported")
    for change in message["changes"]:
        # Includes the commit time, because MySQL can assign a GTID again after RESET BINARY LOGS AND GTIDS.
        key = (change["id"], change["source"]["ts_ms"])
        if key in handled:
            continue
        handle(change)
        handled[key] = True
        if len(handled) > MOST_REMEMBERED:
            del handled[next(iter(handled))]


def show(change):
    source = change["source"]
    print(change["op"], f"{source['db']}.{source['table']}", json.dumps(change["after"]), flush=True)


if __name__ == "__main__":
    try:
        consume(boto3.client("sqs"), os.environ["QUEUE_URL"], show)
    except KeyboardInterrupt:
        pass
