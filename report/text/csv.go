package text

import (
	"encoding/csv"
	"io"

	"plimsoll/report/view"
)

// CSV writes records as RFC 4180 has them, but for the plain line ends.
func CSV(w io.Writer, records view.Records) error {
	return csv.NewWriter(w).WriteAll(records)
}
