/**
 * The metrics of the system, in CloudWatch's embedded metric format: reader and functions write
 * them, the dashboard and the alarms read them. Every metric has the dimension `Source`; those that
 * list another one have it as well.
 */
export const METRIC_NAMESPACE = "binlog-router";

export const DIMENSIONS = {
  source: "Source",
  environment: "Environment",
  attribution: "Attribution",
} as const;

/**
 * The value of the dimension `Attribution` for changes whose author is not known; else an
 * `Attribution` of session.ts.
 */
export const UNATTRIBUTED = "unattributed";

/**
 * Written by the reader, several times a minute while it holds the lease; `starts` and `standby` by
 * every task.
 */
export const READER_METRICS = {
  /**
   * 1 while this task reads the binlog, 0 while it holds the lease and does not (it connects, or
   * has stopped).
   */
  active: "ReaderActive",
  /** 1 while a reader cannot read a source that was read before: by this a deployment is judged. */
  heldUp: "ReaderHeldUp",
  /** 1 from a task that waits for the lease of another one. */
  standby: "ReaderStandby",
  /** 1 from each task, once, when its process starts. */
  starts: "ReaderStarts",
  /**
   * From the commit of the newest change that was sent to now; from heartbeats when the database is
   * idle; from the saved offset until the binlog is read. Milliseconds.
   */
  lag: "ReaderLag",
  /**
   * How much of the time that MySQL keeps its binlog has passed since the saved offset. Percent;
   * missing until MySQL has said.
   */
  retentionUsed: "BinlogRetentionUsed",
  changesRead: "ChangesRead",
  framesSent: "FramesSent",
  /** Bytes of the frames. */
  bytesSent: "BytesSent",
  /** 1 each time that a reader takes the lease over. */
  leaseTaken: "LeaseTaken",
  reconnects: "SourceReconnects",
  /**
   * Connections that turned out to have changed their user without telling the session ledger
   * (COM_CHANGE_USER).
   */
  userChanges: "UserChanges",
  /**
   * XA transactions that were seen to commit, and not to be prepared: their changes are not
   * delivered.
   */
  unknownXa: "XaChangesUnknown",
  /**
   * How long the XA transaction has been prepared for whose commit the saved offset waits; 0 for
   * none. Milliseconds.
   */
  preparedXa: "PreparedXaAge",
  /** 1 from a reader that cannot read until a person has acted, else 0. */
  stopped: "ReaderStopped",
  /** Rows of snapshots that the raw queue has acknowledged, and the chunks in which they came. */
  snapshotRows: "SnapshotRows",
  snapshotChunks: "SnapshotChunks",
  /**
   * Keys of snapshots that are read again, because the binlog did not say what their rows became
   * while a chunk was read.
   */
  snapshotRereads: "SnapshotRereads",
  /** 1 while a snapshot cannot go on until a person has acted, else 0. */
  snapshotStopped: "SnapshotStopped",
} as const;

/** Written by the route function. */
export const ROUTE_METRICS = {
  /** Delivered changes by `Environment`. */
  changesRouted: "ChangesRouted",
  /** Changes by `Attribution`: how their authors were found. */
  changesAttributed: "ChangesAttributed",
  /** Changes of users in no environment while `otherUsers` is `drop`. */
  changesDropped: "ChangesDropped",
  /** Changes that were parked: their queue is in trouble, or their author is not known. */
  changesParked: "ChangesParked",
  /**
   * Changes that are parked because our own code threw an exception for them. The retry function
   * counts those that had waited for another reason.
   */
  changesFaulty: "ChangesFaulty",
  /** Frames that were delivered already. */
  framesRepeated: "FramesRepeated",
  /** By invocation: 1 when all its frames were delivered already, 0 when one was delivered now. */
  onlyRepeats: "OnlyRepeats",
  /** Frames that the function gave back to the raw queue, once for each attempt. */
  framesReturned: "FramesReturned",
  /** Frames whose predecessor is missing. */
  gaps: "GapDetected",
  framesMalformed: "FramesMalformed",
  /**
   * From the commit to the acknowledgement of the environment's queue. Milliseconds, by
   * `Environment`.
   */
  delay: "DeliveryDelay",
} as const;

/** Written by the canary, once a minute. */
export const CANARY_METRICS = {
  /** 1 when the row that was written came out of the canary's queue, else 0. */
  arrived: "CanaryArrived",
  /** From the write to the receipt. Milliseconds. */
  delay: "CanaryDelay",
} as const;

/** Written by the retry function in every invocation, zeros included. */
export const RETRY_METRICS = {
  /** Streams that wait for the next attempt. */
  pending: "FailuresPending",
  /** Streams that were given up and wait for an operator. */
  dead: "FailuresDead",
  /** Messages delivered from failure records. */
  recovered: "FailuresRecovered",
} as const;
