package export

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

// slow is somebody who has begun to read, and goes on when he may.
type slow struct {
	*httptest.ResponseRecorder
	begun, may chan struct{}
}

func (s *slow) Write(b []byte) (int, error) {
	close(s.begun)
	<-s.may
	return s.ResponseRecorder.Write(b)
}

// Who began to read before the end has not read how it ended, however late he is
// through; nor has one who asked for heads alone.
func TestWhoBeganBeforeTheEndHasNotReadIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &scraped{table: newTable(func(string) {}), server: &http.Server{}, came: make(chan struct{}, 1)}
		s.table.take(Of{Scenario: "s", Mode: "m"}, interval(1))
		get := func(method string) { s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, "/metrics", nil)) }
		get(http.MethodGet)
		time.Sleep(10 * time.Second)
		early := &slow{httptest.NewRecorder(), make(chan struct{}), make(chan struct{})}
		go s.ServeHTTP(early, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		<-early.begun
		ended := time.Duration(-1)
		began := time.Now()
		go func() {
			s.end(context.Background())
			ended = time.Since(began)
		}()
		synctest.Wait()
		close(early.may)
		get(http.MethodHead)
		time.Sleep(2 * time.Second)
		if ended >= 0 {
			t.Errorf("it has ended after %v, without anybody who has read how", ended)
		}
		get(http.MethodGet)
		synctest.Wait()
		if ended != 2*time.Second {
			t.Errorf("it ended after %v, though somebody has read how", ended)
		}
	})
}

// Waited for is whoever comes now and then, for as long as he may take to come again;
// one who was to come again and did not has gone.
func TestForWhomIsWaited(t *testing.T) {
	for _, c := range []struct {
		came []time.Duration // ago
		want time.Duration
	}{
		{nil, 0},
		{[]time.Duration{time.Second}, longestGrace},
		{[]time.Duration{6 * time.Second, time.Second}, 11 * time.Second},
		{[]time.Duration{time.Minute, time.Second}, longestGrace},
		{[]time.Duration{time.Hour + 5*time.Second, time.Hour}, 0},
		{[]time.Duration{time.Hour + 5*time.Second, time.Hour, time.Second}, longestGrace},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &scraped{table: newTable(func(string) {}), server: &http.Server{}, came: make(chan struct{}, 1)}
			for i, ago := range c.came {
				if i > 0 {
					time.Sleep(c.came[i-1] - ago)
				}
				s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/metrics", nil))
				if i == len(c.came)-1 {
					time.Sleep(ago)
				}
			}
			grace := s.grace()
			if grace != c.want {
				t.Errorf("who came %v ago is waited for for %v, want %v", c.came, grace, c.want)
			}
			began := time.Now()
			s.end(context.Background())
			if took := time.Since(began); took != grace {
				t.Errorf("who came %v ago was waited for for %v, want %v", c.came, took, grace)
			}
		})
	}
}

// Who reads the metrics elsewhere is shown the same, and is nobody to wait for.
func TestMetricsElsewhere(t *testing.T) {
	e, err := Start(&Settings{}, "test", func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	e.Take(Of{Scenario: "s", Mode: "m"}, interval(3))
	w := httptest.NewRecorder()
	e.Metrics().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if want := string(appendText(nil, e.table.families())); w.Code != http.StatusOK || w.Body.String() != want {
		t.Errorf("%d: %s", w.Code, w.Body)
	}
	e.Close(t.Context())
}
