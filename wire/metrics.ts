/**
 * The metrics, in CloudWatch's embedded metric format. The reader and the functions write them; the
 * dashboard and the alarms read them. Every metric has the dimension `Source`, and some also have
 * the dimension that their comment names.
 */
export const METRIC_NAMESPACE = "binlog-router";

export const DIMENSIONS = {
  source: "Source",
  environment: "Environment",
  attribution: "Attribution",
} as const;

/**
 * The value of the dimension `Attribution` for changes whose author is unknown. The other values
 * are those of `Attribution` in session.ts.
 */
export const UNATTRIBUTED = "unattributed";

/**
 * Written several times a minute by the reader that holds the lease; every task writes `starts` and
 * `standby`.
 */
export const READER_METRICS = {
  /**
   * 1 while the task that holds the lease reads the binlog, 0 while it does not (it is connecting
   * or has stopped).
   */
  active: "ReaderActive",
  /**
   * 1 while a reader cannot read a source that was read before. The alarm on this metric rolls back
   * a deployment.
   */
  heldUp: "ReaderHeldUp",
  /** 1 from a task that waits for the lease that another task holds. */
  standby: "ReaderStandby",
  /** 1 from each task when its process starts. */
  starts: "ReaderStarts",
  /**
   * How far delivery is behind the database, milliseconds: the largest of the age of the oldest
   * change that was read and is not acknowledged, the age of the last event read before the end of
   * the binlog was reached, and, while the reader is not streaming, the time in its present state.
   */
  lag: "ReaderLag",
  /**
   * How much of MySQL's binlog retention has passed since the oldest change that must still be
   * read, percent; missing until the retention is known.
   */
  retentionUsed: "BinlogRetentionUsed",
  changesRead: "ChangesRead",
  framesSent: "FramesSent",
  /** The size of the frames, bytes. */
  bytesSent: "BytesSent",
  /** 1 each time a reader takes over the lease. */
  leaseTaken: "LeaseTaken",
  reconnects: "SourceReconnects",
  /**
   * Connections that changed their user (COM_CHANGE_USER) without registering in the session
   * ledger.
   */
  userChanges: "UserChanges",
  /**
   * XA transactions whose commit was read but not their prepare. Their changes are not delivered.
   */
  unknownXa: "XaChangesUnknown",
  /**
   * Age of the oldest XA transaction that is still prepared, milliseconds; 0 when there is none.
   */
  preparedXa: "PreparedXaAge",
  /** 1 while the reader cannot read until an operator acts, else 0. */
  stopped: "ReaderStopped",
  /** Rows of snapshots that were handed over, including repeats; and complete chunks. */
  snapshotRows: "SnapshotRows",
  snapshotChunks: "SnapshotChunks",
  /**
   * Keys that a snapshot reads again, because the binlog did not contain their rows' new values
   * while the chunk was read.
   */
  snapshotRereads: "SnapshotRereads",
  /** 1 while a snapshot cannot continue until an operator acts, else 0. */
  snapshotStopped: "SnapshotStopped",
} as const;

/** Written by the route function; the retry function writes `changesFaulty` too. */
export const ROUTE_METRICS = {
  /** Delivered changes by `Environment`. */
  changesRouted: "ChangesRouted",
  /** Changes by `Attribution`. */
  changesAttributed: "ChangesAttributed",
  /** Changes of users in no environment while `otherUsers` is `drop`. */
  changesDropped: "ChangesDropped",
  /** Changes that were parked because their queue failed or their author is unknown. */
  changesParked: "ChangesParked",
  /**
   * Changes that were parked because binlog-router's code threw an exception for them. The retry
   * function counts those that were parked for another reason before.
   */
  changesFaulty: "ChangesFaulty",
  /** Frames that had already been delivered. */
  framesRepeated: "FramesRepeated",
  /** Per invocation: 1 when all its frames had already been delivered, else 0. */
  onlyRepeats: "OnlyRepeats",
  /** Frames that the function returned to the raw queue, counted once per attempt. */
  framesReturned: "FramesReturned",
  /** Frames whose predecessor was not delivered. */
  gaps: "GapDetected",
  framesMalformed: "FramesMalformed",
  /**
   * Time from the commit to the acknowledgement of the environment's queue, milliseconds, by
   * `Environment`.
   */
  delay: "DeliveryDelay",
} as const;

/** Written by the canary, once a minute. */
export const CANARY_METRICS = {
  /** 1 when the written row arrived in the canary's queue, else 0. */
  arrived: "CanaryArrived",
  /** Time from the write to the receipt, milliseconds. */
  delay: "CanaryDelay",
} as const;

/** Written by the retry function in every invocation, zeros included. */
export const RETRY_METRICS = {
  /** Streams that wait for their next attempt. */
  pending: "FailuresPending",
  /** Streams that retry has given up and that wait for an operator. */
  dead: "FailuresDead",
  /** Messages delivered from failure records. */
  recovered: "FailuresRecovered",
} as const;
