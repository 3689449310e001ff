// Command wefeed turns the sections of a news portal into feeds and pushes new articles to a WeChat account.
//
// main is a translator: flags into options, signals into Stop, errors into exit codes. Exit code 0 is success, 1 a
// failure or a fault found, 2 wrong usage. Data goes to stdout, talk to stderr.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	_ "time/tzdata" // a host without zone files must not matter

	"github.com/spf13/cobra"
)

// version is set by the linker.
var version = "devel"

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run is main without the process: the first interrupt cancels the command's context, a second one ends at once.
func run(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)

	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errReported):
		return 1
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "wefeed: %v\n", err)
		return 2
	}
	fmt.Fprintf(stderr, "wefeed: %v\n", err)
	return 1
}

// errReported ends a command with exit code 1 when all that there is to say was printed.
var errReported = errors.New("reported")

// usageError is wrong usage: exit code 2.
type usageError struct{ error }

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "wefeed",
		Short:         "门户栏目 → Atom/RSS/JSON 订阅源 → 微信公众号 · A portal's sections as feeds, and to WeChat followers",
		Version:       version,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          exactArgs(0),
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w (see %s --help)", err, cmd.CommandPath())}
	})
	root.SetHelpCommand(newHelp())
	root.AddCommand(newDemo(), newServe(), newPortal(), newSandbox(), newCheck(), newInspect(), newPush(), newSection(), newEdition(),
		newMigrate(), newMove(), newHealthcheck(), newVersion())
	return root
}

// needsSubcommand is a command that does nothing by itself.
func needsSubcommand(cmd *cobra.Command, _ []string) error {
	return usageError{fmt.Errorf("%s needs a subcommand (see %s --help)", cmd.CommandPath(), cmd.CommandPath())}
}

// newHelp is cobra's help command, but an unknown command is wrong usage.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "显示帮助 · Help about any command",
		RunE: func(cmd *cobra.Command, args []string) error {
			found, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return usageError{fmt.Errorf("unknown command %q", strings.Join(args, " "))}
			}
			return found.Help()
		},
	}
}

// exactArgs wants n arguments, else it is wrong usage.
func exactArgs(n int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := cobra.ExactArgs(n)(cmd, args); err != nil {
			if cmd.HasSubCommands() && len(args) > 0 {
				err = fmt.Errorf("unknown command %q", args[0])
			}
			return usageError{fmt.Errorf("%w (see %s --help)", err, cmd.CommandPath())}
		}
		return nil
	}
}

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "显示版本 · Print the version",
		Args:  exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "wefeed", version)
			return err
		},
	}
}
