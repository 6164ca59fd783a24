"""A consumer of an environment queue with boto3. QUEUE_URL names the queue; Ctrl-C ends it."""

import json
import os
import sys

import boto3

POINTER = "software.amazon.payloadoffloading.PayloadS3Pointer"


def consume(sqs, queue_url, handle):
    """Calls handle(change) once for each change, in the order of its group. Python's integers keep all digits."""
    handled = {}  # the last position of each group
    while True:
        answer = sqs.receive_message(
            QueueUrl=queue_url,
            MaxNumberOfMessages=10,
            WaitTimeSeconds=20,
            VisibilityTimeout=60,  # longer than ten messages take, or extend it meanwhile
            MessageSystemAttributeNames=["MessageGroupId"],
        )
        failed = set()
        for received in answer.get("Messages", []):
            group = received["Attributes"]["MessageGroupId"]
            if group in failed:
                continue  # waits for the visibility timeout with the one that failed, so that nothing overtakes
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
        raise ValueError(f"message version {message['version']}")
    group = message["group"]
    for change in message["changes"]:
        position = position_of(change["source"], message)
        if position <= handled.get(group, ""):
            continue
        handle(change)
        handled[group] = position


def position_of(source, message):
    """The change's place in the stream as text that sorts: epoch.file.offset.row, padded with zeros."""
    epoch = message["first"][:6]
    file = int(source["file"].rpartition(".")[2])
    return f"{epoch}.{file:010}.{source['pos']:015}.{source['row']:010}"


def show(change):
    source = change["source"]
    print(change["op"], f"{source['db']}.{source['table']}", json.dumps(change["after"]), flush=True)


if __name__ == "__main__":
    try:
        consume(boto3.client("sqs"), os.environ["QUEUE_URL"], show)
    except KeyboardInterrupt:
        pass
