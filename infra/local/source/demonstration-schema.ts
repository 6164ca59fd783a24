/** The database that the demonstration writes to. */
export const DEMO_DATABASE = "shop";
export const DEMO_TABLES = ["orders", "payments"] as const;
/** The comment that marks a table or account as the demonstration's. */
export const DEMO_COMMENT = "made by binlog-router's npm start";

/** The statements that create the demonstration's tables; they change nothing that exists. */
export const DEMO_SCHEMA = [
  `CREATE DATABASE IF NOT EXISTS ${DEMO_DATABASE}`,
  `CREATE TABLE IF NOT EXISTS ${DEMO_DATABASE}.orders (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    customer VARCHAR(80) NOT NULL,
    status ENUM('placed', 'paid', 'packed', 'shipped') NOT NULL DEFAULT 'placed',
    total DECIMAL(10, 2) NOT NULL,
    placed_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    written_by VARCHAR(64) NULL,
    change_no BIGINT UNSIGNED NULL
  ) COMMENT "${DEMO_COMMENT}"`,
  `CREATE TABLE IF NOT EXISTS ${DEMO_DATABASE}.payments (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    order_id BIGINT UNSIGNED NOT NULL,
    method VARCHAR(20) NOT NULL,
    amount DECIMAL(10, 2) NOT NULL,
    written_by VARCHAR(64) NULL,
    change_no BIGINT UNSIGNED NULL
  ) COMMENT "${DEMO_COMMENT}"`,
] as const;
