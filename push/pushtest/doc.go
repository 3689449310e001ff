// Package pushtest holds what tests of sending share: [Memory], a ledger without a database; [RunStore], the conformance
// suite that every push.Store passes, Memory included; and [Account], a WeChat account that loses answers, acts late or
// refuses as it is told, and remembers every effect it had. Time is a [Clock] that only moves when it is told to.
package pushtest
