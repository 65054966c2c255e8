//go:build linux

package main

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// throngs are numbers of connections as users have them, and as only servers do.
var throngs = []shared{{1, 1}, {16, 1}, {64, 1}, {256, 1}, {1000, 1}, {10_000, 1}}

// carried are the protocols that engines are compared over, and how many of their
// connections.
func carried() []protocol {
	all := slices.Clone(protocols)
	all[0].at, all[1].at, all[2].at, all[3].at = throngs, []shared{{1, 1}, {64, 1}}, []shared{{1, 10}, {8, 8}}, nil
	return all
}

// engines compares requests per second of processor time over io_uring and over epoll,
// in turns. Lateness, memory and connections that are held are the other parts', whose
// -clients may name engines.
func engines(ctx context.Context, l *lab) (table, error) {
	if err := allowFiles(throngs[len(throngs)-1].connections + spare); err != nil {
		return table{}, err
	}
	server, err := l.startNginx(ctx)
	if err != nil {
		return table{}, err
	}
	defer server.stop()
	both := polling()
	for _, c := range both {
		if err := l.hasEngine(ctx, c.engine); err != nil {
			return table{}, fmt.Errorf("%s: %w", c.engine, err)
		}
	}
	t := table{
		about: l.about(fmt.Sprintf("Requests per second of the client's processor time, by connections × calls at once on each, over io_uring and over epoll in turns; %v each, counted by nginx, answers of 128 bytes", time.Duration(l.seconds)*time.Second), "nginx", nil),
		heads: []string{"protocol", "connections × streams", "beside", "its k/s", "wire-uring's k/s", "ratio", "95 % interval"},
	}
	for _, p := range carried() {
		for _, at := range p.at {
			row, err := p.compare(ctx, l, server, both[0], both[1], at)
			if err != nil {
				return t, fmt.Errorf("%s, %s: %w", p.name, at, err)
			}
			l.say("%s", row)
			t.rows = append(t.rows, row)
		}
	}
	return t, nil
}
