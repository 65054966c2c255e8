package sql

import (
	stdsql "database/sql"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"plimsoll/target/look"
	"plimsoll/target/value"
)

// answer is what came back of a call: of a transaction, that of its last
// statement that answers with rows.
type answer struct {
	keep    bool // somebody looks at it
	first   time.Time
	rows    int
	columns []string
	row     []value.Value // the first one
}

// read reads all rows of a statement, so that nothing of it is left to do.
func (a *answer) read(rows *stdsql.Rows) error {
	count := 0
	for {
		for rows.Next() {
			if a.first.IsZero() {
				a.first = time.Now()
			}
			if count++; count == 1 && a.keep {
				if err := a.take(rows); err != nil {
					return err
				}
			}
		}
		if !rows.NextResultSet() {
			break
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if count > 0 {
		a.rows = count
	}
	return nil
}

// begin makes room for what a statement answers, if that is rows.
func (a *answer) begin(rows *stdsql.Rows) error {
	if !a.keep {
		return nil
	}
	columns, err := rows.Columns()
	if err == nil && len(columns) > 0 {
		a.rows, a.columns, a.row = 0, columns, nil
	}
	return err
}

// take keeps a row.
func (a *answer) take(rows *stdsql.Rows) error {
	types, err := rows.ColumnTypes()
	if err != nil {
		return err
	}
	cells, into := make([]any, len(types)), make([]any, len(types))
	for i := range cells {
		into[i] = &cells[i]
	}
	if err := rows.Scan(into...); err != nil {
		return err
	}
	a.row = make([]value.Value, len(types))
	for i, cell := range cells {
		a.row[i] = valueOf(cell, types[i].DatabaseTypeName())
	}
	return nil
}

// valueOf is what stands in a column, by what the driver makes of it and, where
// that is but a text, by the column's type.
func valueOf(cell any, typeName string) value.Value {
	switch v := cell.(type) {
	case nil:
		return value.Value{Kind: value.Null}
	case bool:
		return value.Value{Kind: value.Bool, Text: strconv.FormatBool(v)}
	case int64:
		return value.Value{Kind: value.Number, Text: strconv.FormatInt(v, 10)}
	case uint64:
		return value.Value{Kind: value.Number, Text: strconv.FormatUint(v, 10)}
	case float32:
		return fraction(float64(v), 32)
	case float64:
		return fraction(v, 64)
	case time.Time:
		return value.Of(v.Format(time.RFC3339Nano))
	case []byte:
		return spelled(string(v), typeName)
	case string:
		return spelled(v, typeName)
	}
	return value.Of(fmt.Sprint(cell))
}

func fraction(v float64, bits int) value.Value {
	text := strconv.FormatFloat(v, 'g', -1, bits)
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return value.Of(text)
	}
	return value.Value{Kind: value.Number, Text: text}
}

// spelled is what a text spells in a column of a type: numbers of any length and
// JSON come as texts.
func spelled(text, typeName string) value.Value {
	switch strings.TrimPrefix(typeName, "UNSIGNED ") {
	case "NUMERIC", "DECIMAL", "BIGINT", "INT", "MEDIUMINT", "SMALLINT", "TINYINT", "FLOAT", "DOUBLE":
		if v := value.JSON(text); v.Kind == value.Number {
			return v
		}
	case "JSON", "JSONB":
		if v := value.JSON(text); v.Kind != value.None {
			return v
		}
	}
	return value.Of(text)
}

// Field is `rows`, or `row.COLUMN`.
func (a *answer) Field(word, name string) (value.Value, bool) {
	if word == "rows" {
		return value.Value{Kind: value.Number, Text: strconv.Itoa(a.rows)}, true
	}
	for i, column := range a.columns {
		if column == name && i < len(a.row) {
			return a.row[i], true
		}
	}
	return value.Value{}, false
}

// find looks up what is wanted, and tells whether all of it is there.
func (a *answer) find(want []look.Operand) (found []value.Value, all bool) {
	seen := look.Answer{Fields: a}
	found, all = make([]value.Value, len(want)), true
	for i := range want {
		v, ok := want[i].Find(&seen)
		found[i], all = v, all && ok
	}
	return found, all
}

// show is the answer for people: how many rows, and the first.
func (a *answer) show() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%d rows", a.rows)
	if a.rows == 1 {
		text.Reset()
		text.WriteString("1 row")
	}
	for i, column := range a.columns {
		if i < len(a.row) {
			fmt.Fprintf(&text, ", %s=%s", column, a.row[i].AppendJSON(nil))
		}
	}
	return text.String()
}
