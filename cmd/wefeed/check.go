package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"wefeed/config"
)

func newCheck() *cobra.Command {
	var conf configFlag
	cmd := &cobra.Command{
		Use:   "check",
		Short: "检查配置文件 · Check the configuration: every fault at once, with line and column",
		Args:  exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			path, err := conf.find()
			if err != nil {
				return err
			}
			_, err = config.Load(path, config.Options{})
			var faults config.Faults
			if errors.As(err, &faults) {
				return errors.Join(errReported, faults.Write(cmd.OutOrStdout()))
			}
			if err != nil { // a fault of the whole file
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s:1:1: %v\n", path, err)
				return errors.Join(errReported, err)
			}
			_, err = fmt.Fprintf(cmd.ErrOrStderr(), "%s: 配置无误 · no faults\n", path)
			return err
		},
	}
	conf.register(cmd)
	return cmd
}
