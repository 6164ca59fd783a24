// The canal package of go-mysql: one JSON line per row, discarded. Its settings are in the PEER_*
// variables; see peer-process.ts.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"time"

	"github.com/go-mysql-org/go-mysql/canal"
	"github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/schema"
)

type line struct {
	Database string         `json:"database"`
	Table    string         `json:"table"`
	Type     string         `json:"type"`
	Ts       uint32         `json:"ts"`
	Data     map[string]any `json:"data"`
	Old      map[string]any `json:"old,omitempty"`
}

type handler struct {
	canal.DummyEventHandler
	encode   *json.Encoder
	expected int
	// From this row on the delays count; 0: no delays are wanted.
	warmRows  int
	rows      int
	firstRows int
	began     time.Time
	delaysUs  []int64
}

func (h *handler) String() string { return "peer" }

func (h *handler) OnRow(e *canal.RowsEvent) error {
	step := 1
	if e.Action == canal.UpdateAction {
		step = 2
	}
	for i := step - 1; i < len(e.Rows); i += step {
		row := line{
			Database: e.Table.Schema, Table: e.Table.Name, Type: e.Action, Ts: e.Header.Timestamp,
			Data: named(e.Table, e.Rows[i]),
		}
		if step == 2 {
			row.Old = named(e.Table, e.Rows[i-1])
		}
		if err := h.encode.Encode(&row); err != nil {
			return err
		}
		if h.warmRows > 0 && h.rows >= h.warmRows {
			writtenUs, _ := row.Data["written_us"].(int64)
			h.delaysUs = append(h.delaysUs, time.Now().UnixMicro()-writtenUs)
		}
		h.rows++
		if h.rows == h.warmRows {
			fmt.Fprintln(os.Stderr, "@peer warm")
		}
	}
	if h.began.IsZero() {
		h.began = time.Now()
		h.firstRows = h.rows
	}
	if h.rows >= h.expected {
		rate := float64(h.rows-h.firstRows) / time.Since(h.began).Seconds()
		result, err := json.Marshal(map[string]any{"rows": h.rows, "rowsPerSecond": rate, "delaysUs": h.delaysUs})
		if err != nil {
			return err
		}
		if err := os.WriteFile(os.Getenv("PEER_RESULT"), result, 0o600); err != nil {
			return err
		}
		os.Exit(0)
	}
	return nil
}

func named(table *schema.Table, values []any) map[string]any {
	data := make(map[string]any, len(values))
	for i, value := range values {
		column := &table.Columns[i]
		switch typed := value.(type) {
		case []byte:
			if column.Type == schema.TYPE_JSON {
				value = json.RawMessage(typed)
			} else {
				value = string(typed)
			}
		case string:
			if column.Type == schema.TYPE_JSON {
				value = json.RawMessage(typed)
			}
		case int64:
			if column.Type == schema.TYPE_ENUM && typed > 0 && int(typed) <= len(column.EnumValues) {
				value = column.EnumValues[typed-1]
			}
		}
		data[column.Name] = value
	}
	return data
}

func main() {
	cfg := canal.NewDefaultConfig()
	cfg.Addr = fmt.Sprintf("%s:%s", os.Getenv("PEER_HOST"), os.Getenv("PEER_PORT"))
	cfg.User = os.Getenv("PEER_USER")
	cfg.Password = os.Getenv("PEER_PASSWORD")
	cfg.ServerID = uint32(number("PEER_SERVER_ID"))
	cfg.Dump.ExecutionPath = ""
	cfg.IncludeTableRegex = []string{`^shop\.`}
	cfg.Logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	c, err := canal.NewCanal(cfg)
	if err != nil {
		fatal(err)
	}
	encode := json.NewEncoder(bufio.NewWriterSize(io.Discard, 1<<16))
	encode.SetEscapeHTML(false)
	c.SetEventHandler(&handler{
		encode: encode, expected: int(number("PEER_ROWS")), warmRows: int(number("PEER_WARM_ROWS")),
		delaysUs: []int64{},
	})
	fatal(c.RunFrom(mysql.Position{Name: os.Getenv("PEER_FILE"), Pos: uint32(number("PEER_POSITION"))}))
}

func number(name string) int64 {
	value, err := strconv.ParseInt(os.Getenv(name), 10, 64)
	if err != nil {
		fatal(fmt.Errorf("%s: %w", name, err))
	}
	return value
}

func fatal(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
