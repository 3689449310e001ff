// Package wefeed carries the example configuration, which the demo starts from. The program is in cmd/wefeed.
package wefeed

import _ "embed"

// Example is config.example.yaml.
//
//go:embed config.example.yaml
var Example []byte
