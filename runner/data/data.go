// Package data has the rows that journeys take: where they come from (a CSV or
// JSON file, the scenario file itself, a range), and who gets which. Rows are
// kept as text, in little more memory than their file takes; a value is made
// when it is asked for.
package data

import (
	"fmt"

	"plimsoll/target/random"
	"plimsoll/target/setting"
	"plimsoll/target/value"
)

// Source is rows by a name, and how they are picked. It does not change, so all
// trials share it.
type Source struct {
	Name   string
	Pos    setting.Pos // of the name
	Pick   Pick
	Secret bool  // nobody is to see its values
	table  table // nil: the rows could not be read
}

// table is where rows are; both rows and columns count from 0.
type table interface {
	// rows is how many there are, columns what they are called: none where a row
	// is a single value.
	rows() uint64
	columns() []string
	row(n uint64) value.Value
	cell(n uint64, column int) value.Value
	// sum tells tables apart.
	sum() string
}

// Rows is how many there are, at least one.
func (s *Source) Rows() uint64 { return s.table.rows() }

// Column finds a column by its name.
func (s *Source) Column(name string) (index int, ok bool) {
	for i, column := range s.table.columns() {
		if column == name {
			return i, true
		}
	}
	return 0, false
}

// Check tells what keeps ${NAME.path…} from being there in every row, or in any
// where rows differ.
func (s *Source) Check(path []string) error {
	if len(path) == 0 || s.table == nil {
		return nil
	}
	columns := s.table.columns()
	if len(columns) == 0 {
		return fmt.Errorf("the rows of %s are single values, which have no parts: write ${%s}", s.Name, s.Name)
	}
	if _, ok := s.Column(path[0]); !ok {
		return fmt.Errorf("%s has no column %q%s", s.Name, path[0], setting.Suggest(path[0], columns))
	}
	if _, flat := s.table.(*cells); flat && len(path) > 1 {
		return fmt.Errorf("%s of %s is text, which has no parts", path[0], s.Name)
	}
	return nil
}

// Suffice tells where there are more users than rows for each to keep one.
func (s *Source) Suffice(users uint64) error {
	if s.table == nil || s.Pick.Way != PerUser {
		return nil
	}
	if rows := s.Rows(); users > rows {
		return fmt.Errorf("%s has %d rows for %d users, each of whom keeps one (pick: per-user): add %d rows, or pick: leased, with which users without a row wait for one", s.Name, rows, users, users-rows)
	}
	return nil
}

// Dealer deals the rows out in one trial. What it draws derives from the streams
// and the source's name.
func (s *Source) Dealer(streams random.Source) Dealer {
	return s.Pick.dealer(s.Rows(), streams.Key("data "+s.Name))
}

// Text is all of the source but for its name, in one canonical text: workloads
// are compared where it is the same. Of what nobody is to see it has nothing.
func (s *Source) Text() string {
	what := s.table.sum()
	if s.Secret {
		what = "secret"
	}
	return fmt.Sprintf("{rows: %d, of: %s, pick: %s}", s.Rows(), what, s.Pick)
}

// Row is one row of a source.
type Row struct {
	source *Source
	number uint64
}

// Row is the row of a number from 0.
func (s *Source) Row(number uint64) Row { return Row{s, number} }

// Number is which row it is, from 0.
func (r Row) Number() uint64 { return r.number }

// Value is the whole row: an object, or the single value that it is. That of a
// CSV file is put together anew.
func (r Row) Value() value.Value { return r.source.table.row(r.number) }

// Cell is the value in a column, by Source.Column; its kind is None where an
// object lacks it. Of a CSV file it costs a few nanoseconds.
func (r Row) Cell(column int) value.Value { return r.source.table.cell(r.number, column) }

// Follow reaches along a path, as value.Follow does, without making the row
// first.
func (r Row) Follow(path []string, any func(n int) int) (value.Value, bool) {
	if len(path) == 0 {
		return r.Value(), true
	}
	column, ok := r.source.Column(path[0])
	if !ok {
		return value.Value{}, false
	}
	return r.Cell(column).Follow(path[1:], any)
}
