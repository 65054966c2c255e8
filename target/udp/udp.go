// Package udp is the kind of target whose calls are a datagram out, and one in.
package udp

import (
	"plimsoll/target/client"
	"plimsoll/target/dialog"
	"plimsoll/target/kind"
	"plimsoll/target/setting"
	"plimsoll/target/socket"
)

// Shape is how a scenario file spells the target.
func Shape() setting.Shape[kind.Settings] {
	fields := append(socket.Fields(), client.Unsecured(func(w *socket.Written) *client.Settings { return &w.Client })...)
	fields = append(fields, setting.Refused[socket.Written]("tls", "is not spoken over udp: leave it out"))
	return kind.Target("a udp target", dialog.Action(), func(r *setting.Reader, at setting.Pos, w socket.Written, own kind.Call) (kind.Settings, bool) {
		return w.Settings(r, at, "udp", own)
	}, fields...)
}
