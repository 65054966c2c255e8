package main

import (
	"fmt"
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
	var known []string
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() {
			known = append(known, c.Name())
		}
	}
	return fmt.Errorf("there is no command %q%s", args[0], setting.Suggest(args[0], known))
}

// flagProblem says what is wrong with a command's flags.
func flagProblem(cmd *cobra.Command, err error) error {
	name, unknown := strings.CutPrefix(err.Error(), "unknown flag: --")
	switch {
	case !cmd.HasParent() && cmd.Flags().NArg() > 0: // the flag may be right: it is the command that is not
		return commandsOnly(cmd, cmd.Flags().Args())
	case !unknown:
		return err
	}
	var known []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			known = append(known, "--"+f.Name)
		}
	})
	return fmt.Errorf("%s has no flag --%s%s", cmd.Name(), name, setting.Suggest("--"+name, known))
}
