package text

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"plimsoll/report/view"
)

// What Otava reads, which finds the changes in the figures of many runs: a list of
// them.
type (
	otavaRun struct {
		Timestamp  int64             `json:"timestamp"` // in seconds since 1970
		Metrics    []otavaMetric     `json:"metrics"`
		Attributes map[string]string `json:"attributes"`
	}
	otavaMetric struct {
		Name  string  `json:"name"`
		Value float64 `json:"value"`
	}
)

// Otava prints the figures of a run that began at a time, as a list of one.
func Otava(w io.Writer, began time.Time, metrics []view.Metric, attributes map[string]string) error {
	run := otavaRun{began.Unix(), make([]otavaMetric, len(metrics)), attributes}
	for i, m := range metrics {
		run.Metrics[i] = otavaMetric(m)
	}
	out, err := json.MarshalIndent([]otavaRun{run}, "", " ")
	if err != nil {
		return fmt.Errorf("otava: %w", err)
	}
	_, err = fmt.Fprintf(w, "%s\n", out)
	return err
}
