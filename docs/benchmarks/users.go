//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// crowds are the numbers of users, the first the one that memory is compared
// with.
var crowds = []int{256, 10000}

// thinkers are clients whose users make a call and then think for 5 to 15 s, over
// connections that all of them share.
var thinkers = []journeyer{
	{client: client{name: "plimsoll", full: "{plimsoll} run {script} --out {out} --quiet --allow-late"},
		file: "plimsoll.yaml", script: plimsollThinkers},
	{client: client{name: "artillery", full: "artillery run --quiet {script}"},
		file: "artillery.yaml", script: artilleryThinkers, helper: "artillery.cjs", helps: artilleryEnd},
}

func plimsollThinkers(o load) string {
	return fmt.Sprintf(`targets:
  shop: {http: {url: %q}}
scenarios:
  - name: thinkers
    target: shop
    drain: 1s
    modes:
      - {mode: concurrent, stages: [{target: %d, duration: %v}, {target: %d, duration: %ds}]}
    steps:
      - get: /products
      - think_time: {uniform: [5s, 15s]}
`, o.url+shop, o.connections, ramp, o.connections, o.seconds)
}

func artilleryThinkers(o load) string {
	return fmt.Sprintf(`config:
  target: %q
  processor: ./artillery.cjs
  http: {pool: 64}
  phases: [{duration: %d, arrivalCount: %d}]
scenarios:
  - flow:
      - loop:
          - get: {url: /products}
          - think: 10
        whileTrue: goesOn
`, strings.TrimSuffix(o.url+shop, "/"), int(ramp.Seconds()), o.connections)
}

// thinking is what so many users took.
type thinking struct {
	ran
	requests float64
	memory   int64 // bytes, the most while all were there
	files    int   // open at the end of that, most of them sockets
}

// users weighs the client's users while nearly all of them think.
func users(ctx context.Context, l *lab) (table, error) {
	server, err := l.startNginx(ctx)
	if err != nil {
		return table{}, err
	}
	defer server.stop()
	here, clients := l.presentJourneyers(ctx, thinkers)
	if len(here) == 0 {
		return table{}, errors.New("none of the clients is there")
	}
	all := map[string][]thinking{}
	err = l.rounded(func() error {
		for _, n := range crowds {
			for _, j := range here {
				measured, err := l.think(ctx, server, j, n)
				if err != nil {
					return fmt.Errorf("%s with %d users: %w", j.name, n, err)
				}
				all[key(j.name, n)] = append(all[key(j.name, n)], measured)
			}
		}
		return nil
	})
	if err != nil {
		return table{}, err
	}
	return l.usersTable(clients, all), nil
}

// think has a client's users come, and think for the time asked.
func (l *lab) think(ctx context.Context, server *nginx, j journeyer, n int) (t thinking, err error) {
	o := load{url: server.url, connections: n, seconds: l.seconds}
	c, err := j.at(l, o)
	if err != nil {
		return t, err
	}
	words, err := l.words(c.full, o)
	if err != nil {
		return t, err
	}
	t.requests, err = server.during(func() error {
		t.ran, err = l.process(ctx, words)
		return err
	})
	if err != nil {
		return t, err
	}
	t.memory, t.files = between(t.glances, ramp, ramp+time.Duration(l.seconds)*time.Second)
	if t.requests < float64(n) || t.memory == 0 {
		err = fmt.Errorf("the server saw %v requests\n%s", t.requests, t.output)
	}
	return t, err
}

func (l *lab) usersTable(clients []client, all map[string][]thinking) table {
	fewest, most := crowds[0], crowds[len(crowds)-1]
	t := table{
		about: l.about(fmt.Sprintf("Users who make a call and then think for 5 to 15 s (artillery: 10 s), %v after %v of coming; the most resident memory meanwhile in MB, and what each user beyond %d takes",
			time.Duration(l.seconds)*time.Second, ramp, fewest), "nginx", clients),
		heads: []string{"client"},
	}
	for _, n := range crowds {
		t.heads = append(t.heads, fmt.Sprintf("MB at %d", n))
	}
	t.heads = append(t.heads, "KB each", fmt.Sprintf("files open at %d", most), "requests")
	for _, c := range clients {
		memory := func(n int) float64 {
			return float64(median(all[key(c.name, n)], func(t thinking) int64 { return t.memory }))
		}
		row := []string{c.name}
		for _, n := range crowds {
			row = append(row, fmt.Sprintf("%.1f", memory(n)/(1<<20)))
		}
		rounds := all[key(c.name, most)]
		t.rows = append(t.rows, append(row, fmt.Sprintf("%.1f", (memory(most)-memory(fewest))/(1<<10)/float64(most-fewest)),
			fmt.Sprint(median(rounds, func(t thinking) int { return t.files })), fmt.Sprintf("%.0f", median(rounds, func(t thinking) float64 { return t.requests }))))
	}
	return t
}
