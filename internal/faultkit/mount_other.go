//go:build !linux

package faultkit

import "errors"

func mount(string, int64) error { return errors.New("only Linux has what it takes") }

func unmount(string) error { return nil }
