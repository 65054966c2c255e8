package text

import (
	"encoding/csv"
	"io"

	"plimsoll/report/view"
	"plimsoll/target/plain"
)

// CSV writes records as RFC 4180 has them, but for the plain line ends. Nothing
// in them is an order to a terminal, or a formula to a spreadsheet.
func CSV(w io.Writer, records view.Records) error {
	safe := make(view.Records, len(records))
	for i, record := range records {
		safe[i] = make([]string, len(record))
		for j, field := range record {
			safe[i][j] = plain.Cell(field)
		}
	}
	return csv.NewWriter(w).WriteAll(safe)
}
