package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// The faults that can be ordered.
const (
	FaultDropReply = "drop_reply" // effect, then the connection is closed
	FaultCutReply  = "cut_reply"  // effect, then half a body
	FaultLate      = "late"       // the connection is closed, the effect comes Delay after
	FaultTimeout   = "timeout"    // no effect, silence
	FaultHTTP500   = "http_500"   // no effect, status 500
	FaultErrcode   = "errcode"    // no effect, an errcode
)

// A Fault is ordered for the next Times calls of a path, 0 for all until they are deleted. For callbacks the path is
// "event": late delays it, drop_reply sends it twice, every other fault loses it.
type Fault struct {
	Path    string   `json:"path"`
	Fault   string   `json:"fault"`
	Times   int      `json:"times"`
	Delay   duration `json:"delay,omitempty"`
	Errcode int      `json:"errcode,omitempty"`
}

// A duration is written like 1s in JSON.
type duration time.Duration

// UnmarshalJSON reads a Go duration.
func (d *duration) UnmarshalJSON(b []byte) error {
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return fmt.Errorf("a duration is text such as \"1s\": %w", err)
	}
	parsed, err := time.ParseDuration(text)
	*d = duration(parsed)
	return err
}

// MarshalJSON writes a Go duration.
func (d duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }

func (f Fault) check(paths map[string]handler) error {
	kinds := []string{FaultDropReply, FaultCutReply, FaultLate, FaultTimeout, FaultHTTP500, FaultErrcode}
	_, known := paths[f.Path]
	switch {
	case (f.Path == "mass" || f.Path == "publish") && f.Fault != FaultErrcode:
		return fmt.Errorf("a fault for %q is how it ends: the fault errcode with the number", f.Path)
	case f.Path != "event" && f.Path != "mass" && f.Path != "publish" && !known:
		return fmt.Errorf("path %q is neither \"event\", \"mass\", \"publish\" nor one of %s", f.Path, strings.Join(slices.Sorted(maps.Keys(paths)), ", "))
	case !slices.Contains(kinds, f.Fault):
		return fmt.Errorf("fault %q is none of %s", f.Fault, strings.Join(kinds, ", "))
	case f.Times < 0 || f.Delay < 0:
		return fmt.Errorf("times and delay cannot be negative")
	case f.Fault == FaultErrcode && f.Errcode == 0:
		return fmt.Errorf("the fault errcode needs an errcode")
	}
	return nil
}

// faults are those ordered and not yet used up.
type faults struct {
	mu   sync.Mutex
	list []Fault
}

func (f *faults) add(one Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = append(f.list, one)
}

func (f *faults) clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = nil
}

func (f *faults) all() []Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]Fault{}, f.list...)
}

// take returns the first fault ordered for a path, and counts it down.
func (f *faults) take(path string) (Fault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.list {
		one := f.list[i]
		if one.Path != path {
			continue
		}
		if one.Times > 0 {
			if f.list[i].Times--; f.list[i].Times == 0 {
				f.list = slices.Delete(f.list, i, i+1)
			}
		}
		return one, true
	}
	return Fault{}, false
}
