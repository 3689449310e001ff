package pushtest_test

import (
	"testing"

	"wefeed/push/pushtest"
)

func TestMemory(t *testing.T) {
	pushtest.RunStore(t, func(*testing.T) pushtest.Store { return &pushtest.Memory{} })
}
