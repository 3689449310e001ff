package main

import (
	"errors"
	"fmt"
	"os/user"

	"github.com/spf13/cobra"

	"wefeed/internal/app"
)

func newPush() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "push",
		Short: "停止、恢复或立即推送 · Stop, start or trigger pushes",
		Args:  exactArgs(0),
		RunE:  needsSubcommand,
	}
	cmd.AddCommand(
		newOperate("stop", "停止一切推送：未发出的一律扣住，重启后仍然有效 · The red button: hold everything that has not left",
			func(o *app.Operator, cmd *cobra.Command, why string, _ []string) error {
				return o.StopPushes(cmd.Context(), why)
			}),
		newOperate("start", "恢复推送 · Release the red button",
			func(o *app.Operator, cmd *cobra.Command, why string, _ []string) error {
				if o.ConfiguredStop() {
					fmt.Fprintln(cmd.ErrOrStderr(), "注意：配置中 push.stopped 为 true，推送仍然停止 · push.stopped in the configuration still stops everything")
				}
				return o.StartPushes(cmd.Context(), why)
			}),
		newPushNow(),
	)
	return cmd
}

func newPushNow() *cobra.Command {
	var channel string
	cmd := newOperate("now", "立即推送：在时间表之外加发一期，须写明理由 · An extra edition now, with a reason",
		func(o *app.Operator, cmd *cobra.Command, why string, _ []string) error {
			if channel == "" || why == "" {
				return usageError{errors.New("push now needs --channel ID and --reason TEXT")}
			}
			return o.PushNow(cmd.Context(), channel, why)
		})
	cmd.Flags().StringVar(&channel, "channel", "", "通道 · the channel's id")
	return cmd
}

func newSection() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "section",
		Short: "操作栏目 · Operate sections",
		Args:  exactArgs(0),
		RunE:  needsSubcommand,
	}
	release := newOperate("release ID", "放行因疑似改版而扣住的栏目 · Let a section's pushes go on after a suspected redesign",
		func(o *app.Operator, cmd *cobra.Command, why string, args []string) error {
			return o.ReleaseSection(cmd.Context(), args[0], why)
		})
	release.Args = exactArgs(1)
	cmd.AddCommand(release)
	return cmd
}

// newOperate is a command that acts on the store of a gateway, running or not. The act is written into the audit table
// under the name of the system's user.
func newOperate(use, short string, act func(*app.Operator, *cobra.Command, string, []string) error) *cobra.Command {
	var (
		conf configFlag
		why  string
	)
	cmd := &cobra.Command{
		Use:   use,
		Short: short,
		Args:  exactArgs(0),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			cfg, err := conf.load(cmd)
			if err != nil {
				return err
			}
			o, err := app.NewOperator(cmd.Context(), cfg, actor())
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, o.Close()) }()
			if err := act(o, cmd, why, args); err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.ErrOrStderr(), "完成，运行中的网关将在 5 秒内响应 · Done; a running gateway follows within 5 seconds")
			return err
		},
	}
	conf.register(cmd)
	cmd.Flags().StringVar(&why, "reason", "", "理由，记入审计 · the reason, kept in the audit trail")
	return cmd
}

// actor is who acts, for the audit trail.
func actor() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "cli"
}
