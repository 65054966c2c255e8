//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// costAt are the numbers of connections that costs are measured with; user
// time and memory are shown at one of them.
var costAt = []int{1, 16, 64, 256}

const (
	userAt     = 64
	residentAt = 256
)

// spent is what one measurement took of the client.
type spent struct {
	requests float64 // as the server counts them
	ran
}

func (s spent) perSecond() float64    { return s.requests / s.cpu().Seconds() }
func (s spent) userEach() float64     { return float64(s.user.Nanoseconds()) / 1000 / s.requests }
func (s spent) residentMega() float64 { return float64(s.resident) / (1 << 20) }

// cost compares requests per second of the clients' processor time: nothing
// holds them back but themselves and one nginx.
func cost(ctx context.Context, l *lab) (table, error) {
	server, err := l.startNginx(ctx)
	if err != nil {
		return table{}, err
	}
	defer server.stop()
	clients := l.present(ctx, slices.Concat(peers[:1], []client{plimsoll("", ""), plimsoll("wire-net", "")}, polling(), peers[1:]))
	if len(clients) == 0 {
		return table{}, errors.New("none of the clients is there")
	}
	costs := map[string][]spent{}
	err = l.rounded(func() error {
		for _, n := range costAt {
			for _, c := range clients {
				measured, err := l.spend(ctx, server, c, n)
				if err != nil {
					return fmt.Errorf("%s with %d connections: %w", c.name, n, err)
				}
				costs[key(c.name, n)] = append(costs[key(c.name, n)], measured)
			}
		}
		return nil
	})
	if err != nil {
		return table{}, err
	}
	asked := fmt.Sprintf("Requests per second of the client's processor time, %s absolute, the others relative to it, by connections; %v each, counted by nginx",
		clients[0].name, time.Duration(l.seconds)*time.Second)
	return l.costTable(asked, clients, costs), nil
}

// spend runs a client as fast as it goes.
func (l *lab) spend(ctx context.Context, server *nginx, c client, connections int) (spent, error) {
	return l.spendOn(ctx, server, c.full, load{url: server.url, connections: connections, seconds: l.seconds})
}

// counter is a server that tells how many requests it has had while something was done.
type counter interface {
	during(do func() error) (float64, error)
}

// spendOn runs a client's command line.
func (l *lab) spendOn(ctx context.Context, server counter, line string, o load) (spent, error) {
	words, err := l.words(line, o)
	if err != nil {
		return spent{}, err
	}
	s := spent{}
	s.requests, err = server.during(func() error {
		s.ran, err = l.process(ctx, words)
		return err
	})
	if err == nil && (s.requests < 2 || s.cpu() == 0) {
		err = fmt.Errorf("the server saw no requests\n%s", s.output)
	}
	return s, err
}

// costTable shows medians, relative to the first client's.
func (l *lab) costTable(asked string, clients []client, costs map[string][]spent) table {
	base := clients[0].name
	t := table{
		about: l.about(asked, "nginx", clients),
		heads: []string{"client"},
	}
	for _, n := range costAt {
		t.heads = append(t.heads, fmt.Sprint(n))
	}
	t.heads = append(t.heads, fmt.Sprintf("user µs/request at %d", userAt), fmt.Sprintf("requests/s at %d", userAt), fmt.Sprintf("resident MB at %d", residentAt))
	for _, c := range clients {
		row := []string{c.name}
		for _, n := range costAt {
			got, reference := median(costs[key(c.name, n)], spent.perSecond), median(costs[key(base, n)], spent.perSecond)
			if c.name == base {
				row = append(row, fmt.Sprintf("%.1fk/s", got/1000))
			} else {
				row = append(row, fmt.Sprintf("%.2f", got/reference))
			}
		}
		t.rows = append(t.rows, append(row,
			fmt.Sprintf("%.2f", median(costs[key(c.name, userAt)], spent.userEach)),
			fmt.Sprintf("%.0fk", median(costs[key(c.name, userAt)], func(s spent) float64 { return s.requests / float64(l.seconds) / 1000 })),
			fmt.Sprintf("%.0f", median(costs[key(c.name, residentAt)], spent.residentMega))))
	}
	return t
}
