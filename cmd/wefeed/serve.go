package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"wefeed/config"
	"wefeed/internal/app"
)

// configPaths are tried in this order when -c is not given.
var configPaths = []string{"config.yaml", "/etc/wefeed/config.yaml"}

// configFlag is -c of every command that reads the configuration.
type configFlag struct{ path string }

func (f *configFlag) register(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&f.path, "config", "c", "", "配置文件 · configuration (default ./config.yaml, then /etc/wefeed/config.yaml)")
}

// find returns the configuration's path.
func (f *configFlag) find() (string, error) {
	if f.path != "" {
		return f.path, nil
	}
	for _, p := range configPaths {
		if _, err := os.Stat(p); !errors.Is(err, fs.ErrNotExist) {
			return p, err
		}
	}
	return "", fmt.Errorf("no configuration: neither %s nor %s is there (name one with -c FILE; config.example.yaml is a start)", configPaths[0], configPaths[1])
}

// load reads the configuration. Its faults go to stderr, one by one, with their positions.
func (f *configFlag) load(cmd *cobra.Command) (*config.Config, error) {
	path, err := f.find()
	if err != nil {
		return nil, err
	}
	cfg, err := config.Load(path, config.Options{})
	var faults config.Faults
	if errors.As(err, &faults) {
		if err := faults.Write(cmd.ErrOrStderr()); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("%s: %d faults; nothing was started", path, len(faults))
	}
	return cfg, err
}

func newServe() *cobra.Command {
	var (
		conf configFlag
		logs logFlags
	)
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "运行网关 · Run the gateway",
		Args:  exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			log, err := logs.logger(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			cfg, err := conf.load(cmd)
			if err != nil {
				return err
			}
			a, err := app.New(cmd.Context(), app.Options{Config: cfg, Logger: log, Version: version})
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, a.Stop()) }()
			if err := a.Start(cmd.Context()); err != nil {
				return err
			}
			if _, err := fmt.Fprintf(cmd.OutOrStdout(), "gateway http://%s\n", app.Reachable(a.Addr())); err != nil {
				return err
			}
			return a.Wait(cmd.Context())
		},
	}
	conf.register(cmd)
	logs.register(cmd)
	return cmd
}
