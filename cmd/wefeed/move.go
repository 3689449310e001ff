package main

import (
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"wefeed/internal/app"
)

func newMove() *cobra.Command {
	var (
		from, to string
		dry      bool
	)
	cmd := &cobra.Command{
		Use:   "move --from DSN --to DSN",
		Short: "把全部数据搬到另一个数据库 · Copy everything from one database to another",
		Long: `Copies articles, the ledger, the audit trail and everything that waits, in one transaction: all or nothing, and the
counts are compared. The source stays as it is. A DSN is written as in the configuration's store: sqlite:FILE or
postgres://user@host/db; a password is better kept in PGPASSWORD or ~/.pgpass than on the command line.

Stop the gateway, move, name the new store in the configuration, start the gateway.`,
		Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if from == "" || to == "" || from == to {
				return usageError{errors.New("--from and --to are two different stores")}
			}
			moved, err := app.Move(cmd.Context(), from, to, dry, func(m app.Moved) {
				fmt.Fprintf(cmd.ErrOrStderr(), "%s %d/%d\n", m.Table, m.Rows, m.Of)
			})
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			for _, m := range moved {
				fmt.Fprintf(w, "%s\t%d\n", m.Table, m.Rows)
			}
			if dry {
				fmt.Fprintln(cmd.ErrOrStderr(), "试运行：什么也没有写入 · a dry run: nothing was written")
			}
			return w.Flush()
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "原数据库 · the store that everything is in")
	cmd.Flags().StringVar(&to, "to", "", "新数据库，必须为空 · the store that everything goes to; empty")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "照做一遍，但不保留 · do all of it and keep nothing")
	return cmd
}
