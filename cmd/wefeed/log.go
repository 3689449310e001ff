package main

import (
	"io"
	"log/slog"
	"os"

	"github.com/lmittmann/tint"
	"github.com/spf13/cobra"
)

// logFlags are the flags of every command that keeps running.
type logFlags struct {
	level string
	json  bool
}

func (f *logFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.level, "log-level", "info", "debug, info, warn 或 error · lowest level that is logged")
	cmd.Flags().BoolVar(&f.json, "log-json", false, "以 JSON 记录日志 · log as JSON, also on a terminal")
}

// logger logs to w: coloured text on a terminal, JSON elsewhere.
func (f *logFlags) logger(w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(f.level)); err != nil {
		return nil, usageError{err}
	}
	if f.json || !isTerminal(w) {
		return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level})), nil
	}
	return slog.New(tint.NewTextHandler(w, &tint.Options{Level: level, NoColor: os.Getenv("NO_COLOR") != ""})), nil
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
