package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// Every scenario file of docs/monitoring.md runs against `plimsoll serve` in a process
// of its own, keeps its promises, and says what its comment has it say.
func TestMonitoringPage(t *testing.T) {
	t.Parallel()
	url, _ := serving(t, "", "--addr", "127.0.0.1:0", "--delay", "5ms")
	var commits atomic.Int64
	exporter := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "pg_stat_activity_count{state=\"active\"} 3\npg_stat_activity_count{state=\"idle\"} 4\npg_stat_database_xact_commit %d\npg_locks_count{mode=\"exclusivelock\"} 0\n", commits.Add(10))
	}))
	defer exporter.Close()
	for _, r := range recipesOf(t, filepath.Join(root, "docs", "monitoring.md")) {
		t.Run(r.title, func(t *testing.T) {
			dir := t.TempDir()
			text := strings.ReplaceAll(r.file, "127.0.0.1:8080", strings.TrimPrefix(url, "http://"))
			text = strings.ReplaceAll(text, "http://127.0.0.1:9187", exporter.URL)
			text = strings.ReplaceAll(text, "to: 500", "to: 20") // it takes long to find more on a busy machine
			if err := os.WriteFile(filepath.Join(dir, "watched.yaml"), []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
			end := plimsoll(t, dir, "run", "watched.yaml", "--quiet", "--allow-late")
			if end.code != 0 {
				t.Fatalf("ended with %d\n%s\n%s", end.code, end.stderr, end.stdout)
			}
			for _, say := range r.says {
				if !strings.Contains(end.stdout, say) {
					t.Errorf("%q is not in\n%s", say, end.stdout)
				}
			}
			for _, wrong := range []string{"nobody", "no metric", "refused", "no process", "it printed", "cannot be read"} {
				if strings.Contains(end.stdout, wrong) {
					t.Errorf("a monitor saw nothing, %s:\n%s", wrong, end.stdout)
				}
			}
		})
	}
}
