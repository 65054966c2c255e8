package export

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// remote is a server that takes what Prometheus' remote write 1.0 sends.
type remote struct {
	peer
	url    string
	owner  []label // of all series: whose they are
	native bool    // it takes native histograms, as far as is known
}

// send writes all series as they are now. Native histograms go by themselves: a
// server that does not keep them refuses all that comes with them.
func (r *remote) send(ctx context.Context, families []family, now time.Time) error {
	if err := r.write(ctx, r.classic(families, now.UnixMilli())); err != nil {
		return err
	}
	if !r.native {
		return nil
	}
	err := r.write(ctx, r.histograms(families, now.UnixMilli()))
	if err == nil {
		return nil
	}
	if no, refused := err.(refusal); refused && no.ofNative() {
		r.native = false
		r.tell(r.name + " keeps no native histograms, and gets classic ones alone (Prometheus before 3.0 has them with --enable-feature=native-histograms)")
		return nil
	}
	return fmt.Errorf("native histograms: %w", err)
}

// ofNative tells whether what is refused are native histograms, now and later, by its
// words: the status of servers differs (Prometheus answers 500), and one that is only
// too busy, or does not like one of them, may take the next.
func (r refusal) ofNative() bool {
	why := strings.ToLower(r.why)
	says := func(word string) bool { return strings.Contains(why, word) }
	return r.code != http.StatusTooManyRequests && says("histogram") && (says("disabled") || says("not enabled") || says("support"))
}

func (r *remote) write(ctx context.Context, m message) error {
	if len(m) == 0 {
		return nil
	}
	_, err := r.ask(ctx, http.MethodPost, r.url, appendSnappy(nil, m), map[string]string{
		"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy", "X-Prometheus-Remote-Write-Version": "0.1.0",
	})
	return err
}

// classic are all numbers, and distributions in classic buckets.
func (r *remote) classic(families []family, at int64) (m message) {
	for _, f := range families {
		for _, s := range f.series {
			add := func(name string, v float64, more ...label) {
				sample := message(nil).double(1, v).number(2, uint64(at))
				m = m.part(1, r.named(name, s.labels, more...).part(2, sample))
			}
			switch f.kind {
			case counter:
				add(f.name, float64(s.count))
			case gauge:
				add(f.name, s.value)
			case histogram:
				for bound, count := range s.times.upTo {
					add(f.name+"_bucket", float64(count), label{"le", spell(bound)})
				}
				add(f.name+"_sum", s.times.sum())
				add(f.name+"_count", float64(s.times.count))
			}
		}
	}
	return m
}

// histograms are distributions in native buckets.
func (r *remote) histograms(families []family, at int64) (m message) {
	for _, f := range families {
		if f.kind == histogram {
			for _, s := range f.series {
				m = m.part(1, r.named(f.name, s.labels).part(4, s.times.remote(at)))
			}
		}
	}
	return m
}

// named is a series that has no figures yet, its labels in the order of their names.
func (r *remote) named(name string, of []label, more ...label) (m message) {
	for _, l := range labels(slices.Concat([]label{{"__name__", name}}, r.owner, of, more)...) {
		m = m.part(1, l.protobuf())
	}
	return m
}

// remote is a Histogram of remote write.
func (d *distribution) remote(at int64) message {
	spans, deltas := d.spans()
	m := message(nil).number(1, d.count).double(3, d.sum()).signed(4, schema).double(5, zeroUpTo).number(6, d.zero)
	return m.spans(11, spans).deltas(12, deltas).number(15, uint64(at))
}
