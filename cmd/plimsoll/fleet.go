package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"plimsoll/runner"
	"plimsoll/runner/fleet"
	"plimsoll/runner/scenario"
	"plimsoll/target/broker"
)

// fleetFlags are those of a run that agents carry out.
type fleetFlags struct {
	agents                    int
	listen, nats, token, lost string
	allowLost, recover        bool
}

// usualTalk is where a coordinator listens whom nobody has told.
const usualTalk = "127.0.0.1:4222"

func (f *fleetFlags) declare(flags *pflag.FlagSet) {
	flags.IntVar(&f.agents, "agents", 0, "have `N` agents carry the trials out, a share each: see docs/fleet.md")
	flags.StringVar(&f.listen, "listen", "", "`ADDR` at which agents find this coordinator (default "+usualTalk+")")
	flags.StringVar(&f.nats, "nats", "", "talk with agents over the server of NATS at `URL` instead")
	flags.StringVar(&f.token, "token-file", "", "`FILE` with what a fleet has in common; written where it is not there")
	flags.StringVar(&f.lost, "lost", fleet.Stop, "when an agent is lost: stop or continue")
	flags.BoolVar(&f.recover, "recover", false, "load nothing: have agents hand over what they have kept of a run whose coordinator has died")
	flags.BoolVar(&f.allowLost, "allow-lost", false, "accept trials that have lost an agent")
}

// check tells what does not go together.
func (f *fleetFlags) check(run runFlags) error {
	switch {
	case f.agents < 0 || f.agents > 10_000:
		return errors.New("--agents is a number from 1 to 10000")
	case f.agents == 0 && (f.listen != "" || f.nats != "" || f.token != "" || f.allowLost || f.recover || f.lost != fleet.Stop):
		return errors.New("--listen, --nats, --token-file, --lost, --recover and --allow-lost are a fleet's: write --agents N, too")
	case f.agents == 0:
		return nil
	case !slices.Contains([]string{fleet.Stop, fleet.Continue}, f.lost):
		return fmt.Errorf("--lost is stop or continue, not %q", f.lost)
	case f.listen != "" && f.nats != "":
		return errors.New("--listen and --nats do not go together: it is either a server of this process's own or another one")
	case run.calls != "":
		return errors.New("--calls and --agents do not go together: agents hand over what they measured, and no single calls")
	case f.recover && run.dryRun:
		return errors.New("--recover and --dry-run do not go together: both load nothing, and only one has a result")
	case run.versus.file != "" || run.versus.target != "":
		return errors.New("--versus and --agents do not go together: compare two runs of a fleet with --against")
	case f.nats == "" && !broker.Embedded:
		return errors.New("this plimsoll has no server of NATS of its own: build it with `go build -tags embedded ./cmd/plimsoll`, or start nats-server and write --nats URL")
	}
	return f.guarded()
}

// guarded tells whether nobody but the fleet can listen.
func (f *fleetFlags) guarded() error {
	if f.nats != "" || f.listen == "" || f.token != "" {
		return nil
	}
	if host, _, err := net.SplitHostPort(f.listen); err != nil {
		return fmt.Errorf("--listen %s: write HOST:PORT, or :PORT for all addresses", f.listen)
	} else if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return errors.New("whoever reaches --listen could take part: write --token-file FILE, too")
	}
	return nil
}

// shareable tells what keeps agents from sharing a plan, before any is waited for.
func (p *program) shareable(plan *scenario.Plan, f runFlags) error {
	problems, err := runner.NotDivisible(plan, f.only, f.fleet.agents)
	if err != nil || len(problems) == 0 {
		return err
	}
	fmt.Fprintln(p.stderr, problems.Error())
	return &exit{runner.ExitUsage, fmt.Errorf("%s cannot be shared among %s", plan.File.Name, count(f.fleet.agents, "agent"))}
}

// mustering is what it takes to gather a fleet.
type mustering struct {
	fleetFlags
	plan *scenario.Plan
	sent fleet.Plan
	talk fleet.Talk // whose URL is "" where this process has a server of its own
}

// mustering makes ready to gather a fleet for a plan, of such a text in a folder. The
// error is a mistake of the file or of the command.
func (p *program) mustering(f fleetFlags, plan *scenario.Plan, text []byte, folder string) (m *mustering, err error) {
	m = &mustering{fleetFlags: f, plan: plan, talk: fleet.Talk{URL: f.nats, Token: fleet.NoToken(), Program: version()}}
	if m.sent, err = fleet.PlanOf(plan, text, folder); err != nil {
		return nil, err
	}
	if f.token != "" { // it is written where it is not there
		token, made, err := fleet.MakeToken(f.token)
		if err != nil {
			return nil, err
		}
		if made {
			fmt.Fprintln(p.stderr, "wrote a token to "+f.token+": copy it to the agents' machines, and show it to nobody else")
		}
		m.talk.Token = token
	}
	if f.nats != "" {
		err = m.talk.Check()
	}
	return m, err
}

// mustered is a fleet that was gathered.
type mustered struct {
	*fleet.Coordinator
	closed func()
}

// release lets the agents go. saved tells that the result is written.
func (m *mustered) release(saved bool) {
	if saved {
		m.Saved()
	}
	m.Close()
	m.closed()
}

// muster gathers the agents.
func (m *mustering) muster(ctx context.Context, note func(string)) (_ *mustered, err error) {
	talk, closed := m.talk, func() {}
	talk.Note = note
	if talk.URL == "" {
		if talk.URL, closed, err = m.serve(talk.Token); err != nil {
			return nil, err
		}
	}
	note(m.invitation(talk.URL))
	c, err := fleet.Gather(ctx, fleet.Options{Talk: talk, Agents: m.agents, Lost: m.lost, Plan: m.sent, Trials: m.plan.Trials(), Recover: m.recover})
	if err != nil {
		closed()
		if ctx.Err() != nil {
			err = &exit{runner.ExitInterrupted, err}
		}
		return nil, err
	}
	return &mustered{c, closed}, nil
}

// serve starts a server of NATS of this process's own, and tells where this process
// itself reaches it.
func (m *mustering) serve(token fleet.Token) (url string, closed func(), err error) {
	at := m.listen
	if at == "" {
		at = usualTalk
	}
	access, err := token.Access()
	if err != nil {
		return "", nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan string, 1), make(chan error, 1)
	go func() { ended <- broker.Talk(ctx, at, access, func(address string) { ready <- address }) }()
	select {
	case address := <-ready:
		scheme := "nats"
		if token.Given() {
			scheme = "tls"
		}
		return scheme + "://" + reachable(address), func() { cancel(); <-ended }, nil
	case err := <-ended:
		cancel()
		return "", nil, err
	}
}

// reachable is an address by which this machine reaches who listens at one.
func reachable(address string) string {
	host, port, _ := net.SplitHostPort(address)
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// invitation says how agents are started.
func (m *mustering) invitation(url string) string {
	words := []string{"plimsoll agent --nats", strings.Replace(url, "127.0.0.1", m.host(), 1)}
	if m.recover {
		words = append(words, "--recover")
	}
	if m.token != "" {
		words = append(words, "--token-file", filepath.Base(m.token))
	}
	return fmt.Sprintf("waiting for %s: %s", count(m.agents, "agent"), strings.Join(words, " "))
}

// host is how agents elsewhere may reach this machine: a word for it where all of its
// addresses do.
func (m *mustering) host() string {
	host, _, _ := net.SplitHostPort(m.listen)
	if ip := net.ParseIP(host); m.nats != "" || m.listen != "" && ip != nil && ip.IsLoopback() || m.listen == "" {
		return "127.0.0.1"
	} else if ip != nil && !ip.IsUnspecified() {
		return host
	}
	return "THIS-MACHINE"
}
