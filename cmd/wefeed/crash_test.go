package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"wefeed/internal/pgtest"
)

// TestDatabaseCrashes tells the stories of testdata/script/crash, each with a server of its own, which the command crash
// ends as kill -9 would and starts again.
func TestDatabaseCrashes(t *testing.T) {
	var server pgtest.Server
	t.Cleanup(server.Stop)
	server.Need(t)
	t.Parallel()
	p := stories(t, "testdata/script/crash", server.Database)
	p.Cmds["crash"] = func(ts *testscript.TestScript, _ bool, _ []string) { ts.Check(server.Restart()) }
	testscript.Run(t, p)
}
