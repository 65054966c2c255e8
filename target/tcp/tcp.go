// Package tcp is the kind of target whose calls are a message over a connection
// of TCP, and what ends the answer.
package tcp

import (
	"plimsoll/target/client"
	"plimsoll/target/dialog"
	"plimsoll/target/kind"
	"plimsoll/target/setting"
	"plimsoll/target/socket"
)

// mostReceivers bounds how many more connections get each message.
const mostReceivers = 100_000

// Shape is how a scenario file spells the target.
func Shape() setting.Shape[kind.Settings] {
	fields := append(socket.Fields(), client.Fields(func(w *socket.Written) *client.Settings { return &w.Client })...)
	fields = append(fields,
		setting.Key("receivers", "So many more connections must get each message too; the call ends when the last one has. Default: none.", setting.Located(setting.Count(1, mostReceivers)), func(w *socket.Written) *setting.At[int] { return &w.Receivers }),
	)
	return kind.Target("a tcp target", dialog.Action(), func(r *setting.Reader, at setting.Pos, w socket.Written, own kind.Call) (kind.Settings, bool) {
		return w.Settings(r, at, "tcp", own)
	}, fields...)
}
