package delay

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"plimsoll/target/quantity"
	"plimsoll/target/setting"
)

// Shape is how a scenario file spells a delay.
func Shape() setting.Shape[Delay] {
	return setting.Define("delay", func(self setting.Shape[Delay]) setting.Shape[Delay] {
		return setting.Either("a duration such as 50ms, or a distribution such as {exponential: 10ms}", setting.Forms[Delay]{
			Scalar: setting.Convert(setting.Duration(), func(_ *setting.Reader, _ setting.Pos, d time.Duration) (Delay, bool) {
				return Of(d), true
			}),
			Map: setting.Choice("a delay",
				setting.When("exponential", "Exponential with this mean.", setting.LongerThanZero(), func(mean time.Duration) Delay {
					return Delay{Kind: Exponential, A: mean}
				}),
				setting.When("uniform", "Anything from low to high with equal chance: [10ms, 30ms].", uniform(), itself),
				setting.When("normal", "The bell curve, clamped at 0: {mean: 20ms, stddev: 3ms}.", normal(), itself),
				setting.When("lognormal", "The long-tailed curve of many services: {median: 20ms, p99: 200ms}.", lognormal(), itself),
				setting.When("pareto", "The heaviest tail: {scale: 10ms, shape: 2.5}; scale is the smallest value.", pareto(), itself),
				setting.When("empirical", "A CSV file with one duration a line (or in its first column; plain numbers are seconds), drawn from with equal chance.", empirical(), itself),
				setting.When("mix", "Several delays, each with its weight.", mix(self), itself),
			),
		})
	})
}

func itself(d Delay) Delay { return d }

func uniform() setting.Shape[Delay] {
	bounds := setting.Either("the lowest and the highest duration, such as [10ms, 30ms]", setting.Forms[[]setting.At[time.Duration]]{
		List: setting.Items(setting.Located(setting.Duration())),
	})
	return setting.Convert(bounds, func(r *setting.Reader, at setting.Pos, b []setting.At[time.Duration]) (Delay, bool) {
		switch {
		case len(b) != 2:
			r.Problem(at, "uniform takes the lowest and the highest duration, such as [10ms, 30ms], found %d of them", len(b))
		case b[0].Value > b[1].Value:
			r.Problem(b[0].Pos, "the lowest duration %s is above the highest %s: swap them", quantity.Duration(b[0].Value), quantity.Duration(b[1].Value))
		case b[1].Value == 0:
			r.Problem(b[1].Pos, "the highest duration must be above zero")
		default:
			return Delay{Kind: Uniform, A: b[0].Value, B: b[1].Value}, true
		}
		return Delay{}, false
	})
}

func normal() setting.Shape[Delay] {
	return setting.Object("a normal delay",
		setting.Key("mean", "The mean.", setting.LongerThanZero(), func(d *Delay) *time.Duration { d.Kind = Normal; return &d.A }).Required(),
		setting.Key("stddev", "The standard deviation.", setting.Duration(), func(d *Delay) *time.Duration { return &d.B }).Required(),
	)
}

func lognormal() setting.Shape[Delay] {
	type written struct {
		median time.Duration
		p99    setting.At[time.Duration]
	}
	curve := setting.Object("a lognormal delay",
		setting.Key("median", "Half of the calls take less.", setting.LongerThanZero(), func(w *written) *time.Duration { return &w.median }).Required(),
		setting.Key("p99", "One call in a hundred takes more.", setting.Located(setting.LongerThanZero()), func(w *written) *setting.At[time.Duration] { return &w.p99 }).Required(),
	)
	return setting.Convert(curve, func(r *setting.Reader, _ setting.Pos, w written) (Delay, bool) {
		if w.p99.Value <= w.median {
			r.Problem(w.p99.Pos, "the p99 %s must be above the median %s", quantity.Duration(w.p99.Value), quantity.Duration(w.median))
			return Delay{}, false
		}
		return Delay{Kind: Lognormal, A: w.median, B: w.p99.Value}, true
	})
}

func pareto() setting.Shape[Delay] {
	return setting.Object("a pareto delay",
		setting.Key("scale", "The smallest value.", setting.LongerThanZero(), func(d *Delay) *time.Duration { d.Kind = Pareto; return &d.A }).Required(),
		setting.Key("shape", "How fast the tail falls; at 1 and below the mean is infinite.", setting.Number(0, 1000, true), func(d *Delay) *float64 { return &d.Shape }).Required(),
	)
}

func mix(self setting.Shape[Delay]) setting.Shape[Delay] {
	part := setting.Object("a part of a mix",
		setting.Key("weight", "Its share of all weights is its chance.", setting.Number(0, 1e9, true), func(p *Part) *float64 { return &p.Weight }).Required(),
		setting.Key("delay", "How long such a call takes.", self, func(p *Part) *Delay { return &p.Delay }).Required(),
	)
	return setting.Convert(setting.List("mix", "begin each part with a dash, `- weight: …`", part), func(_ *setting.Reader, _ setting.Pos, parts []Part) (Delay, bool) {
		return Delay{Kind: Mix, Parts: parts}, true
	})
}

func empirical() setting.Shape[Delay] {
	return setting.Convert(setting.Text("the name of a CSV file"), func(r *setting.Reader, at setting.Pos, name string) (Delay, bool) {
		text, ok := r.File(at, name)
		if !ok {
			return Delay{}, false
		}
		samples, err := ParseSamples(text)
		if err != nil {
			r.Problem(at, "%s: %v", name, err)
			return Delay{}, false
		}
		return Delay{Kind: Empirical, Samples: samples}, true
	})
}

// mostSamples keeps what is sent to a child process within a few MB.
const mostSamples = 1_000_000

// ParseSamples reads the first column of a CSV file: durations, or plain
// numbers of seconds. The first line may be a header.
func ParseSamples(text []byte) ([]time.Duration, error) {
	lines := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
	lines.FieldsPerRecord, lines.LazyQuotes, lines.ReuseRecord = -1, true, true
	var samples []time.Duration
	for first := true; ; first = false {
		record, err := lines.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		d, err := sample(record[0])
		if err != nil {
			if first && !strings.ContainsAny(record[0][:min(1, len(record[0]))], "+-.0123456789") {
				continue // a header
			}
			line, _ := lines.FieldPos(0)
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		if samples = append(samples, d); len(samples) > mostSamples {
			return nil, fmt.Errorf("more than %s durations, which is more than a distribution needs", quantity.Count(mostSamples))
		}
	}
	if len(samples) == 0 {
		return nil, errors.New("there is no duration in it: write one a line, such as 12ms, or 0.012 for seconds")
	}
	return samples, nil
}

func sample(text string) (time.Duration, error) {
	text = strings.TrimSpace(text)
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		if !(seconds >= 0 && seconds <= quantity.Longest.Seconds()) {
			return 0, fmt.Errorf("%s seconds are out of range: from 0 to 100 years", text)
		}
		return time.Duration(seconds*1e9 + 0.5), nil
	}
	return quantity.ParseDuration(text)
}
