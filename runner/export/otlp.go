package export

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// collector is whoever takes OTLP over HTTP, in JSON.
type collector struct {
	peer
	url     string
	headers map[string]string
	began   time.Time
	version string
	warned  bool // of what it says of metrics that it took
}

func (c *collector) send(ctx context.Context, families []family, now time.Time) error {
	body, err := json.Marshal(c.request(families, now))
	if err != nil {
		return fmt.Errorf("metrics as JSON: %w", err)
	}
	headers := map[string]string{}
	for name, value := range c.headers {
		headers[name] = value
	}
	headers["Content-Type"] = "application/json"
	said, err := c.ask(ctx, http.MethodPost, c.url, body, headers)
	if err != nil {
		return misled(c.url, err)
	}
	return c.partly(said)
}

// partly tells what a collector did not take though it was told all, as far as it says
// so in an answer in JSON.
func (c *collector) partly(said []byte) error {
	var answer struct {
		PartialSuccess struct {
			Rejected json.RawMessage `json:"rejectedDataPoints"` // a number, mostly as a text
			Why      string          `json:"errorMessage"`
		} `json:"partialSuccess"`
	}
	if json.Unmarshal(said, &answer) != nil {
		return nil
	}
	partial := answer.PartialSuccess
	rejected, _ := strconv.ParseInt(strings.Trim(string(partial.Rejected), `"`), 10, 64)
	why := c.repeat(partial.Why)
	switch {
	case rejected > 0:
		return dropped{rejected, why}
	case why != "" && !c.warned:
		c.warned = true
		c.tell(c.name + " took the metrics, and says: " + why)
	}
	return nil
}

// dropped is that somebody took the metrics, but for some data points.
type dropped struct {
	points int64
	why    string
}

func (d dropped) Error() string {
	return strings.TrimSuffix(fmt.Sprintf("it dropped %d data points: %s", d.points, d.why), ": ")
}

// misled adds to what went wrong that collectors have two ports, where the other one
// was asked.
func misled(to string, err error) error {
	if u, wrong := url.Parse(to); err != nil && wrong == nil && u.Port() == "4317" {
		return fmt.Errorf("%w (what is at port 4317 speaks gRPC; OTLP over HTTP is taken at 4318)", err)
	}
	return err
}

// The messages of OTLP, as far as they are sent, in the JSON that Protocol Buffers
// have: whole numbers of 64 bits are texts.
type (
	otlpRequest struct {
		ResourceMetrics []otlpResourceMetrics `json:"resourceMetrics"`
	}
	otlpResourceMetrics struct {
		Resource     otlpResource       `json:"resource"`
		ScopeMetrics []otlpScopeMetrics `json:"scopeMetrics"`
	}
	otlpResource struct {
		Attributes []otlpAttribute `json:"attributes"`
	}
	otlpScopeMetrics struct {
		Scope   otlpScope    `json:"scope"`
		Metrics []otlpMetric `json:"metrics"`
	}
	otlpScope struct {
		Name    string `json:"name"`
		Version string `json:"version,omitempty"`
	}
	otlpMetric struct {
		Name        string     `json:"name"`
		Description string     `json:"description"`
		Unit        string     `json:"unit,omitempty"`
		Sum         *otlpTotal `json:"sum,omitempty"`
		Gauge       *otlpTotal `json:"gauge,omitempty"`
		Exponential *otlpTotal `json:"exponentialHistogram,omitempty"`
	}
	otlpTotal struct {
		Temporality int         `json:"aggregationTemporality,omitempty"`
		Monotonic   bool        `json:"isMonotonic,omitempty"`
		Points      []otlpPoint `json:"dataPoints"`
	}
	otlpPoint struct {
		Attributes []otlpAttribute `json:"attributes"`
		Start      string          `json:"startTimeUnixNano,omitempty"`
		Time       string          `json:"timeUnixNano"`
		Int        string          `json:"asInt,omitempty"`
		Double     *float64        `json:"asDouble,omitempty"`
		*otlpBuckets
	}
	otlpBuckets struct {
		Count    string    `json:"count"`
		Sum      float64   `json:"sum"`
		Scale    int       `json:"scale"`
		Zero     string    `json:"zeroCount"`
		Positive otlpRange `json:"positive"`
	}
	otlpRange struct {
		Offset int      `json:"offset"`
		Counts []string `json:"bucketCounts"`
	}
	otlpAttribute struct {
		Key   string    `json:"key"`
		Value otlpValue `json:"value"`
	}
	otlpValue struct {
		Text string `json:"stringValue"`
	}
)

// cumulative says that figures are of all time since the start.
const cumulative = 2

func (c *collector) request(families []family, now time.Time) otlpRequest {
	metrics := make([]otlpMetric, len(families))
	for i, f := range families {
		m := otlpMetric{Name: f.name, Description: f.help, Unit: f.unit}
		points := make([]otlpPoint, len(f.series))
		for k, s := range f.series {
			points[k] = s.otlp(f.kind, nanoseconds(c.began), nanoseconds(now))
		}
		switch f.kind {
		case counter:
			m.Sum = &otlpTotal{Temporality: cumulative, Monotonic: true, Points: points}
		case gauge:
			m.Gauge = &otlpTotal{Points: points}
		case histogram:
			m.Exponential = &otlpTotal{Temporality: cumulative, Points: points}
		}
		metrics[i] = m
	}
	return otlpRequest{[]otlpResourceMetrics{{
		otlpResource{attributes([]label{{"service.name", "plimsoll"}})},
		[]otlpScopeMetrics{{otlpScope{"plimsoll", c.version}, metrics}},
	}}}
}

func (s series) otlp(k kind, began, now string) otlpPoint {
	p := otlpPoint{Attributes: attributes(s.labels), Time: now}
	switch k {
	case counter:
		p.Start, p.Int = began, whole(s.count)
	case gauge:
		p.Double = &s.value
	case histogram:
		p.Start, p.otlpBuckets = began, s.times.otlp()
	}
	return p
}

// otlp are the same buckets as native ones, but each is known by its lower end.
func (d *distribution) otlp() *otlpBuckets {
	b := &otlpBuckets{Count: whole(d.count), Sum: d.sum(), Scale: schema, Zero: whole(d.zero), Positive: otlpRange{Counts: []string{}}}
	if len(d.counts) > 0 {
		b.Positive.Offset = d.first - 1
	}
	for _, n := range d.counts {
		b.Positive.Counts = append(b.Positive.Counts, whole(n))
	}
	return b
}

func attributes(of []label) []otlpAttribute {
	all := make([]otlpAttribute, len(of))
	for i, l := range of {
		all[i] = otlpAttribute{l.name, otlpValue{strings.ToValidUTF8(l.value, "\uFFFD")}}
	}
	return all
}

func nanoseconds(at time.Time) string { return strconv.FormatInt(at.UnixNano(), 10) }
