package main

import (
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"wefeed/internal/app"
)

func newMigrate() *cobra.Command {
	var conf configFlag
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "把数据库升级到当前版本 · Bring the database to this version (serve does it too)",
		Args:  exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := conf.load(cmd)
			if err != nil {
				return err
			}
			schema, err := app.Migrate(cmd.Context(), cfg)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "schema %d\n", schema)
			return err
		},
	}
	conf.register(cmd)
	return cmd
}

func newHealthcheck() *cobra.Command {
	var conf configFlag
	cmd := &cobra.Command{
		Use:   "healthcheck",
		Short: "询问运行中的网关是否就绪 · Ask the running gateway whether it is ready",
		Args:  exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := conf.load(cmd)
			if err != nil {
				return err
			}
			status, err := app.AskReady(cmd.Context(), cfg, 5*time.Second)
			if err != nil {
				return err
			}
			if status != http.StatusOK {
				return fmt.Errorf("not ready: HTTP %d from /readyz", status)
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), "ready")
			return err
		},
	}
	conf.register(cmd)
	return cmd
}
