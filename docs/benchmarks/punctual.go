//go:build linux

package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"plimsoll/runner/result"
)

// rates are the calls a second that are asked for; the peers, which need to
// be told, have as many connections for them.
var rates = []int{100, 1000, 10000, 30000}

const pacedConnections = 10

// kept is what one measurement at a rate gave.
type kept struct {
	saying
	ran
	reached float64 // requests a second, as the server counts them
	trial   *result.Trial
}

// punctual compares who keeps a rate, and what each says of a healthy server
// that answers at once.
func punctual(ctx context.Context, l *lab) (table, error) {
	server, err := l.startNginx(ctx)
	if err != nil {
		return table{}, err
	}
	defer server.stop()
	clients := l.present(ctx, slices.Concat([]client{bare, awake, plimsoll("", ""), plimsoll("", "100%"), plimsoll("wire-net", "")}, polling(), rated()))
	all := map[string][]kept{}
	err = l.rounded(func() error {
		for _, rate := range rates {
			for _, c := range clients {
				measured, err := l.keepRate(ctx, server, c, rate)
				if err != nil {
					return fmt.Errorf("%s at %d/s: %w", c.name, rate, err)
				}
				all[key(c.name, rate)] = append(all[key(c.name, rate)], measured)
			}
		}
		return nil
	})
	if err != nil {
		return table{}, err
	}
	return l.punctualTable(clients, all), l.drawRates(all)
}

// rated are the peers that can be asked for a rate.
func rated() (list []client) {
	for _, c := range peers {
		if c.paced != "" {
			list = append(list, c)
		}
	}
	return list
}

func (l *lab) keepRate(ctx context.Context, server *nginx, c client, rate int) (k kept, err error) {
	requests, err := server.during(func() error {
		k, err = l.pace(ctx, c, load{url: server.url, connections: pacedConnections, rate: rate, seconds: l.seconds}, "")
		return err
	})
	k.reached = (requests - float64(k.warmup)) / float64(l.seconds)
	return k, err
}

// pace lets a client call at a rate. Settings are more ones of plimsoll's
// mode, as YAML with a comma before.
func (l *lab) pace(ctx context.Context, c client, o load, settings string) (k kept, err error) {
	if c.paced != "" {
		words, err := l.words(c.paced, o)
		if err != nil {
			return k, err
		}
		if k.ran, err = l.process(ctx, words); err != nil {
			return k, err
		}
		k.saying, err = c.read(k.output)
		return k, err
	}
	text := c.scenario(l.part, c.target(o.url), fmt.Sprintf("    duration: %ds\n    modes:\n      - {rate-limited: %d/s%s}\n", o.seconds, o.rate, settings))
	k.trial, k.ran, err = l.perform(ctx, fmt.Sprintf("%s-%d-%d", c.name, o.rate, o.connections), text)
	if err == nil {
		k.saying = sayingOf(k.trial)
	}
	return k, err
}

// sayingOf is what plimsoll says of its load.
func sayingOf(t *result.Trial) saying {
	m := &more{service50: inSeconds(t.Service.P50S), lateness50: inSeconds(t.Lateness.P50S), lateness99: inSeconds(t.Lateness.P99S)}
	if t.MachineUse != nil {
		m.spin = inSeconds(t.MachineUse.SpinS)
	}
	if !t.Health.KeptPace {
		m.late = t.Health.Why
	}
	return saying{calls: t.OK, p50: inSeconds(t.Response.P50S), p90: inSeconds(t.Response.P90S), p99: inSeconds(t.Response.P99S), more: m}
}

func (l *lab) punctualTable(clients []client, all map[string][]kept) table {
	t := table{
		about: l.about(fmt.Sprintf("Asked for a rate for %v, of an nginx that answers at once; times in µs; the peers have %d connections",
			time.Duration(l.seconds)*time.Second, pacedConnections), "nginx", clients),
		heads: []string{"client", "asked /s", "reached", "p50", "p99", "service p50", "over bare awake", "lateness p50", "lateness p99", "spin", "processor"},
	}
	for _, rate := range rates {
		var reference time.Duration
		if measured := all[key(awake.name, rate)]; measured != nil {
			reference = median(measured, func(k kept) time.Duration { return k.more.service50 })
		}
		for _, c := range clients {
			rounds := all[key(c.name, rate)]
			t.rows = append(t.rows, l.punctualRow(c, rate, rounds, reference))
			for _, k := range rounds {
				if k.more != nil && k.more.late != "" {
					t.notes = append(t.notes, fmt.Sprintf("%s at %d/s says that it fell behind: %s", c.name, rate, k.more.late))
				}
			}
		}
	}
	return t
}

func (l *lab) punctualRow(c client, rate int, rounds []kept, reference time.Duration) []string {
	micro := func(figure func(kept) time.Duration) string {
		return fmt.Sprintf("%.0f", float64(median(rounds, figure))/1000)
	}
	share := func(figure func(kept) time.Duration) string {
		return fmt.Sprintf("%.0f %%", 100*median(rounds, figure).Seconds()/float64(l.seconds))
	}
	reached := median(rounds, func(k kept) float64 { return k.reached })
	row := []string{c.name, fmt.Sprint(rate), fmt.Sprintf("%+.2f %%", 100*(reached/float64(rate)-1)),
		micro(func(k kept) time.Duration { return k.p50 }), micro(func(k kept) time.Duration { return k.p99 })}
	if rounds[0].more == nil {
		row = append(row, "", "", "", "", "")
	} else {
		over := median(rounds, func(k kept) time.Duration { return k.more.service50 }) - reference
		row = append(row, micro(func(k kept) time.Duration { return k.more.service50 }), fmt.Sprintf("%+.0f", float64(over)/1000),
			micro(func(k kept) time.Duration { return k.more.lateness50 }), micro(func(k kept) time.Duration { return k.more.lateness99 }),
			share(func(k kept) time.Duration { return k.more.spin }))
	}
	return append(row, share(func(k kept) time.Duration { return k.cpu() }))
}

// drawRates draws plimsoll's response times at all rates.
func (l *lab) drawRates(all map[string][]kept) error {
	var trials []result.Trial
	var labels []string
	for _, rate := range rates {
		if measured := all[key("plimsoll", rate)]; measured != nil {
			trials, labels = append(trials, *measured[0].trial), append(labels, fmt.Sprintf("%d/s", rate))
		}
	}
	return l.draw(trials, labels)
}
