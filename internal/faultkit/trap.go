package faultkit

import (
	"context"
	"net/http"
)

// A Point is a moment of a call that passes a gate.
type Point int

// The points of a call, in their order.
const (
	Before   Point = iota // the request has arrived and was not handed on: no effect
	After                 // the upstream has answered, nothing of it was relayed: the effect happened
	MidReply              // half of the answer's body was relayed
	Reply                 // the whole answer was relayed
	points
)

// Points are all of them.
var Points = []Point{Before, After, MidReply, Reply}

// String is the point's name.
func (p Point) String() string { return [points]string{"before", "after", "midreply", "reply"}[p] }

// Then is what becomes of the call when an act is over.
type Then int

// What becomes of a call.
const (
	Drop Then = iota // its connection is closed as it stands
	Pass             // it goes on as if nothing had been
)

// An Act is what a trap does. It may take its time: the call stands still meanwhile, and the context ends when the client
// has given up.
type Act func(context.Context) Then

// Cut drops the connection.
func Cut(context.Context) Then { return Drop }

// Silence says nothing until the client gives up.
func Silence(ctx context.Context) Then {
	<-ctx.Done()
	return Drop
}

// Hold lets the call stand still until the channel is closed (or the client gives up), then does what then says. To kill a
// process in the middle of its call, hold the call, kill the process, wait for its end, and close the channel: the
// connection is never cut before the process is dead.
func Hold(until <-chan struct{}, then Then) Act {
	return func(ctx context.Context) Then {
		select {
		case <-until:
		case <-ctx.Done():
		}
		return then
	}
}

// A Trap springs once, at one point of one call.
type Trap struct {
	Path string // of the request; "" is any
	Nth  int    // which of the requests for it, counted from Arm; 0 is the first, too
	At   Point
	Act  Act // nil is Cut

	seen      int // guarded by the gate
	hit, done chan struct{}
}

// Hit is closed when a call has reached the point, before the act. The trap must be armed.
func (t *Trap) Hit() <-chan struct{} { return t.hit }

// Done is closed when the act is over, before the connection is dropped or goes on.
func (t *Trap) Done() <-chan struct{} { return t.done }

func (t *Trap) matches(path string) bool { return t.Path == "" || t.Path == path }

// count counts a request and reports whether it is the one.
func (t *Trap) count() bool {
	t.seen++
	return t.seen >= t.Nth
}

// spring acts. A nil trap lets everything pass.
func (t *Trap) spring(ctx context.Context) {
	if t == nil {
		return
	}
	close(t.hit)
	act := t.Act
	if act == nil {
		act = Cut
	}
	then := act(ctx)
	close(t.done)
	if then == Drop {
		panic(http.ErrAbortHandler)
	}
}
