package main

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"plimsoll/target/setting"
)

// arguments tells how many arguments a command takes, and what each of them
// is, in words such as "a scenario file".
func arguments(least, most int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return fmt.Errorf("%s needs %s", cmd.Name(), what)
		case len(args) > most && most == 0:
			return fmt.Errorf("%s takes no arguments, but there is %q", cmd.Name(), args[0])
		case len(args) > most:
			return fmt.Errorf("%s takes %s, but there are %d arguments: %s", cmd.Name(), what, len(args), strings.Join(args, " "))
		}
		return nil
	}
}

// commandsOnly are the arguments of the program itself: whatever gets here is
// the name of no command.
func commandsOnly(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	name := args[0]
	switch {
	case strings.Contains(name, "://"):
		return fmt.Errorf("there is no command %q: to load a URL, write plimsoll bench %s", withoutQuery(name), withoutQuery(name))
	case scenarioFile(name):
		return fmt.Errorf("there is no command %q: to carry out a scenario file, write plimsoll run %s", name, name)
	}
	var known []string
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() {
			known = append(known, c.Name())
		}
	}
	return fmt.Errorf("there is no command %q%s", name, setting.Suggest(name, known))
}

// withoutQuery is a URL without what may be secret in it.
func withoutQuery(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return "URL"
	}
	u.RawQuery, u.Fragment = "", ""
	return u.Redacted()
}

func scenarioFile(name string) bool {
	ending := filepath.Ext(name)
	return ending == ".yaml" || ending == ".yml"
}

// helpCommand is `help`, which says so where there is no such command.
func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]", Short: "Help about a command",
		RunE: func(_ *cobra.Command, args []string) error {
			found, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return commandsOnly(root, args)
			}
			return found.Help()
		},
	}
}

// flagProblem says what is wrong with a command's flags.
func flagProblem(cmd *cobra.Command, err error) error {
	flag, unknown := unknownFlag(err)
	switch {
	case !cmd.HasParent() && cmd.Flags().NArg() > 0: // the flag may be right: it is the command that is not
		return commandsOnly(cmd, cmd.Flags().Args())
	case !unknown:
		return err
	}
	if meant, known := foreign(cmd.Name(), flag); known {
		return fmt.Errorf("%s has no flag %s: here it is %s", cmd.Name(), flag, meant)
	}
	var known []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden && f.Name != "help" {
			known = append(known, f.Name) // without the dashes, which are alike in all
		}
	})
	hint := strings.Replace(setting.Suggest(strings.TrimLeft(flag, "-"), known), `mean "`, `mean "--`, 1)
	switch {
	case len(known) == 0:
		hint = ", there is only --help"
	case !strings.Contains(hint, "did you mean") && len(known) > 5, !strings.HasPrefix(flag, "--"):
		hint = ": `" + cmd.CommandPath() + " --help` tells which there are"
	}
	return fmt.Errorf("%s has no flag %s%s", cmd.Name(), flag, hint)
}

// unknownFlag is the flag that an error of pflag says there is not: a short one
// without what stood behind it.
func unknownFlag(err error) (flag string, unknown bool) {
	if name, long := strings.CutPrefix(err.Error(), "unknown flag: "); long {
		return name, true
	}
	rest, short := strings.CutPrefix(err.Error(), "unknown shorthand flag: '")
	letter, _, closed := strings.Cut(rest, "' in ")
	return "-" + letter, short && closed
}
