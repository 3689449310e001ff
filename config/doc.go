// Package config reads the gateway's one YAML file: strict types over defaults, every fault at once with its place.
//
//	cfg, err := config.Load("config.yaml", config.Options{})
//	var faults config.Faults
//	if errors.As(err, &faults) {
//		faults.Write(os.Stderr) // file:line:column: message, the line with a caret, a hint
//	}
//
// The way of a file through the package:
//
//	guard    size, encoding, nesting, before anything is parsed       guard.go
//	parse    github.com/goccy/go-yaml, for its positions               syntax.go
//	decode   tree → types, by the struct tags of types.go              decode.go, scalar.go, expand.go
//	derive   what follows from other values: zones, schedules, secrets derive.go
//	check    what a type cannot say: unique ids, URLs, cron lines       check*.go
//
// The struct tags of types.go are the one source of truth: they hold each key's name, default, bounds and meaning in
// Chinese and English. The decoder obeys them; [Schema] (for editors) and [Keys] (for docs/configuration.md) are made
// from them. To add a key, add a field there and run go generate.
//
// Nothing here starts anything, watches a file or keeps state: [Parse] is a pure function of its bytes, the environment
// and the secret files they name. A file with one fault yields no Config at all.
package config

//go:generate go test -run ^TestGenerated -update .
