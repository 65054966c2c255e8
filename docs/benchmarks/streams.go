//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// flows are how many streams there are at once, and their gaps: 10,000 events a
// second together.
var flows = []struct {
	streams int
	gap     time.Duration
}{{1, 100 * time.Microsecond}, {500, 50 * time.Millisecond}}

// coroutines reads each stream in a coroutine, as clients in Python do, and stamps
// an event when its line has come to it.
const coroutines = `import asyncio, json, sys, time

async def stream(host, port, path):
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    arrivals, stamps = [], []
    while len(stamps) < int(sys.argv[3]):
        line = await reader.readline()
        if line.startswith(b"data: "):
            arrivals.append(time.clock_gettime_ns(time.CLOCK_MONOTONIC))
            stamps.append(json.loads(line[6:])["t"])
    writer.close()
    return arrivals, stamps

async def main():
    host, port = sys.argv[1].removeprefix("http://").split(":")
    calls = [stream(host, port, f"/stream/{n}/{sys.argv[3]}/{sys.argv[4]}") for n in range(int(sys.argv[2]))]
    first, gap = [], []
    for arrivals, stamps in await asyncio.gather(*calls):
        first.append(arrivals[0] - stamps[0])
        gap += [abs((a - b) - (s - t)) for a, b, s, t in zip(arrivals[1:], arrivals, stamps[1:], stamps)]
    print(json.dumps({"First": first, "Gap": gap}))

asyncio.run(main())
`

// listeners hear streams.
var listeners = []client{
	{name: "plimsoll", full: "{self} " + streamClient},
	{name: "coroutines", full: "python3 {script}"},
}

// listening is what one client heard.
type listening struct {
	ran
	offs
}

// streams measures how far off clients are that hear events.
func streams(ctx context.Context, l *lab) (table, error) {
	server, url, err := l.startStreams(ctx)
	if err != nil {
		return table{}, err
	}
	defer func() { _ = server.Process.Signal(syscall.SIGTERM); _ = server.Wait() }()
	script := filepath.Join(l.dir, "streams.py")
	if err := os.WriteFile(script, []byte(coroutines), 0o666); err != nil {
		return table{}, err
	}
	clients := l.listeners()
	if len(clients) == 0 {
		return table{}, errors.New("none of the clients is there")
	}
	all := map[string][]listening{}
	err = l.rounded(func() error {
		for _, f := range flows {
			for _, c := range clients {
				events := int(time.Duration(l.seconds) * time.Second / f.gap)
				words := strings.Fields(strings.NewReplacer("{self}", l.self, "{script}", script).Replace(c.full))
				words = append(words, url, fmt.Sprint(f.streams), fmt.Sprint(events), f.gap.String())
				heard, err := l.listen(ctx, words)
				if err != nil {
					return fmt.Errorf("%s at %d streams: %w", c.name, f.streams, err)
				}
				all[key(c.name, f.streams)] = append(all[key(c.name, f.streams)], heard)
			}
		}
		return nil
	})
	if err != nil {
		return table{}, err
	}
	return l.streamsTable(clients, all), nil
}

// listeners are those that are asked for, and there.
func (l *lab) listeners() (here []client) {
	for _, c := range listeners {
		if word := strings.Fields(c.full)[0]; word != "{self}" {
			if _, err := exec.LookPath(word); err != nil {
				l.say("%s is left out: %v", c.name, err)
				continue
			}
		}
		if l.wanted(c) {
			here = append(here, c)
		}
	}
	return here
}

func (l *lab) listen(ctx context.Context, words []string) (heard listening, err error) {
	if heard.ran, err = l.process(ctx, words); err != nil {
		return heard, err
	}
	if err := json.Unmarshal([]byte(heard.output), &heard.offs); err != nil || heard.code != 0 {
		return heard, fmt.Errorf("exit code %d: %.500s", heard.code, heard.output)
	}
	return heard, nil
}

// startStreams starts the server, which says where it is.
func (l *lab) startStreams(ctx context.Context) (*exec.Cmd, string, error) {
	words := l.pin(serverCore, []string{l.self, streamServer})
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, "", err
	}
	if err := cmd.Start(); err != nil {
		return nil, "", err
	}
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		_ = cmd.Process.Kill()
		return nil, "", errors.Join(err, cmd.Wait())
	}
	return cmd, strings.TrimSpace(url), nil
}

func (l *lab) streamsTable(clients []client, all map[string][]listening) table {
	t := table{
		about: l.about(fmt.Sprintf("10,000 events a second for %d s, in one stream and in 500; how far off clients are, in ms: the first event from when the server wrote it, and gaps from the server's; processor time of the client in s. \"coroutines\" is Python with one a stream", l.seconds), "", clients),
		heads: []string{"client", "streams", "first event p50", "p99", "gap p50", "p99", "processor"},
	}
	for _, f := range flows {
		for _, c := range clients {
			rounds := all[key(c.name, f.streams)]
			row := []string{c.name, fmt.Sprint(f.streams)}
			for _, of := range []func(listening) time.Duration{
				func(o listening) time.Duration { return at(o.First, 0.5) }, func(o listening) time.Duration { return at(o.First, 0.99) },
				func(o listening) time.Duration { return at(o.Gap, 0.5) }, func(o listening) time.Duration { return at(o.Gap, 0.99) },
			} {
				row = append(row, fmt.Sprintf("%.3f", median(rounds, of).Seconds()*1e3))
			}
			row = append(row, fmt.Sprintf("%.2f", median(rounds, func(o listening) time.Duration { return o.cpu() }).Seconds()))
			t.rows = append(t.rows, row)
		}
	}
	return t
}
