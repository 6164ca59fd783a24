/**
 * The event types that the reader knows, with MySQL's names (`Log_event_type` in
 * libs/mysql/binlog/event/binlog_event.h).
 */
export const EventType = {
  QUERY_EVENT: 2,
  STOP_EVENT: 3,
  ROTATE_EVENT: 4,
  INTVAR_EVENT: 5,
  APPEND_BLOCK_EVENT: 9,
  DELETE_FILE_EVENT: 11,
  RAND_EVENT: 13,
  USER_VAR_EVENT: 14,
  FORMAT_DESCRIPTION_EVENT: 15,
  XID_EVENT: 16,
  BEGIN_LOAD_QUERY_EVENT: 17,
  EXECUTE_LOAD_QUERY_EVENT: 18,
  TABLE_MAP_EVENT: 19,
  WRITE_ROWS_EVENT_V1: 23,
  UPDATE_ROWS_EVENT_V1: 24,
  DELETE_ROWS_EVENT_V1: 25,
  INCIDENT_EVENT: 26,
  HEARTBEAT_LOG_EVENT: 27,
  IGNORABLE_LOG_EVENT: 28,
  ROWS_QUERY_LOG_EVENT: 29,
  WRITE_ROWS_EVENT: 30,
  UPDATE_ROWS_EVENT: 31,
  DELETE_ROWS_EVENT: 32,
  GTID_LOG_EVENT: 33,
  ANONYMOUS_GTID_LOG_EVENT: 34,
  PREVIOUS_GTIDS_LOG_EVENT: 35,
  TRANSACTION_CONTEXT_EVENT: 36,
  VIEW_CHANGE_EVENT: 37,
  XA_PREPARE_LOG_EVENT: 38,
  PARTIAL_UPDATE_ROWS_EVENT: 39,
  TRANSACTION_PAYLOAD_EVENT: 40,
  HEARTBEAT_LOG_EVENT_V2: 41,
  GTID_TAGGED_LOG_EVENT: 42,
} as const;

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(EventType).map(([name, type]) => [type, name]),
);

/** MySQL's name of an event type, or a text with the number of an unknown type. */
export function eventTypeName(type: number): string {
  return NAMES.get(type) ?? `event type ${type}`;
}

/**
 * Whether the event contains rows of a table (including `PARTIAL_UPDATE_ROWS_EVENT`, which is not
 * decoded).
 */
export function isRowsEvent(type: number): boolean {
  return (
    (type >= EventType.WRITE_ROWS_EVENT && type <= EventType.DELETE_ROWS_EVENT) ||
    (type >= EventType.WRITE_ROWS_EVENT_V1 && type <= EventType.DELETE_ROWS_EVENT_V1) ||
    type === EventType.PARTIAL_UPDATE_ROWS_EVENT
  );
}

/** The flag of an event that a reader may ignore if it does not know its type. */
const LOG_EVENT_IGNORABLE_F = 0x80;

/**
 * Whether ignoring this event could lose a change, so that the reader must stop: its type is
 * unknown and not marked ignorable, or the event contains changes that the reader does not decode.
 */
export function mustNotBeIgnored(type: number, flags: number): boolean {
  // An incident event says that changes are missing from the binlog.
  if (type === EventType.INCIDENT_EVENT || type === EventType.PARTIAL_UPDATE_ROWS_EVENT)
    return true;
  return !NAMES.has(type) && (flags & LOG_EVENT_IGNORABLE_F) === 0;
}
