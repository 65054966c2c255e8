//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// journeyer is a client whose load is a script: {script} in its command line.
type journeyer struct {
	client
	file   string // the script's name; empty: it has none
	script func(o load) string
	helper string // a file that it needs beside it, and what is in that
	helps  func(o load) string
}

// shop is where nginx answers 1 KB of JSON, whatever is asked for below it.
const shop = "shop/"

// journeyers are the clients of journeys: first the one that repeats a single
// call, which the others are compared with.
var journeyers = []journeyer{
	{client: client{name: "plimsoll bench", full: "{plimsoll} bench -c {c} -d {s}s --quiet {url}" + shop + "products"}},
	{client: client{name: "plimsoll", full: "{plimsoll} run {script} --out {out} --quiet --allow-late"},
		file: "plimsoll.yaml", script: plimsollJourney},
	{client: client{name: "artillery", full: "artillery run --quiet {script}"},
		file: "artillery.yaml", script: artilleryJourney, helper: "artillery.cjs", helps: artilleryEnd},
}

// plimsollJourney is five steps, of which two extract what others ask with, and
// two are checked.
func plimsollJourney(o load) string {
	return fmt.Sprintf(`targets:
  shop: {http: {url: %q}}
scenarios:
  - name: journey
    target: shop
    duration: %ds
    modes: [concurrent: %d]
    steps:
      - {name: login, post: /login, json: {user: "${place}"}, extract: {token: json.access_token}}
      - {name: list, get: /products, check: json.total > 0}
      - {name: search, get: "/search?q=${token}", extract: {id: json.items.0.id}}
      - {name: detail, get: "/products/${id}"}
      - {name: order, post: /orders, json: {product: "${id}"}, check: status == 200}
`, o.url+shop, o.seconds, o.connections)
}

// artilleryJourney is the same for Artillery, whose users each have a connection
// and go on until its helper says that it is time.
func artilleryJourney(o load) string {
	return fmt.Sprintf(`config:
  target: %q
  processor: ./artillery.cjs
  phases: [{duration: 1, arrivalCount: %d}]
  plugins: {expect: {outputFormat: silent}}
scenarios:
  - flow:
      - loop:
          - post: {url: /login, json: {user: "{{ $uuid }}"}, capture: {json: $.access_token, as: token}}
          - get: {url: /products, expect: [{hasProperty: total}]}
          - get: {url: "/search?q={{ token }}", capture: {json: "$.items[0].id", as: id}}
          - get: {url: "/products/{{ id }}"}
          - post: {url: /orders, json: {product: "{{ id }}"}, expect: [{statusCode: 200}]}
        whileTrue: goesOn
`, strings.TrimSuffix(o.url+shop, "/"), o.connections)
}

// artilleryEnd tells Artillery's users when to end: so long after the first.
func artilleryEnd(o load) string {
	return fmt.Sprintf("let end; module.exports = {goesOn: (context, next) => { end ??= Date.now() + %d; next(Date.now() < end); }};\n", o.seconds*1000)
}

// at is the client with its scripts written for a load.
func (j journeyer) at(l *lab, o load) (client, error) {
	c, stem := j.client, fmt.Sprintf("%d-", o.connections)
	if j.file == "" {
		return c, nil
	}
	path := filepath.Join(l.keep, stem+j.file)
	c.full = strings.NewReplacer("{script}", path, "{out}", filepath.Join(l.keep, stem+"out")).Replace(c.full)
	err := os.WriteFile(path, []byte(j.script(o)), 0o666)
	if j.helper != "" {
		err = errors.Join(err, os.WriteFile(filepath.Join(l.keep, j.helper), []byte(j.helps(o)), 0o666))
	}
	return c, err
}

// presentJourneyers leaves out who is not wanted, or not there.
func (l *lab) presentJourneyers(ctx context.Context, all []journeyer) (here []journeyer, clients []client) {
	for _, j := range all {
		if found := l.present(ctx, []client{j.client}); len(found) > 0 {
			here, clients = append(here, j), append(clients, j.client)
		}
	}
	return here, clients
}

// journeys compares what requests cost that are steps of journeys: their answers
// are kept, looked into and asked with.
func journeys(ctx context.Context, l *lab) (table, error) {
	server, err := l.startNginx(ctx)
	if err != nil {
		return table{}, err
	}
	defer server.stop()
	here, clients := l.presentJourneyers(ctx, journeyers)
	if len(here) == 0 {
		return table{}, errors.New("none of the clients is there")
	}
	costs := map[string][]spent{}
	err = l.rounded(func() error {
		for _, n := range costAt {
			for _, j := range here {
				c, err := j.at(l, load{url: server.url, connections: n, seconds: l.seconds})
				if err != nil {
					return err
				}
				measured, err := l.spend(ctx, server, c, n)
				if err != nil {
					return fmt.Errorf("%s with %d users: %w", c.name, n, err)
				}
				costs[key(c.name, n)] = append(costs[key(c.name, n)], measured)
			}
		}
		return nil
	})
	if err != nil {
		return table{}, err
	}
	asked := fmt.Sprintf("Journeys of five steps, two of which extract and two are checked, with answers of 1 KB of JSON: requests per second of the client's processor time, %s (one GET of the same) absolute, the others relative to it, by users; %v each, counted by nginx",
		clients[0].name, time.Duration(l.seconds)*time.Second)
	return l.costTable(asked, clients, costs), nil
}
