package push

// Reason is the closed set of why an edition or delivery is not simply on its way; it is a metric label. Each has a
// plain-words explanation, see [Reason.Explain].
type Reason string
