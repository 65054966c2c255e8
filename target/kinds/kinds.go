// Package kinds is the table of the kinds of target. A kind is a folder under
// target with its Settings and their Shape, and one line here.
package kinds

import (
	"plimsoll/target/dialog"
	"plimsoll/target/exec"
	"plimsoll/target/file"
	"plimsoll/target/grpc"
	"plimsoll/target/http"
	"plimsoll/target/kind"
	"plimsoll/target/nats"
	"plimsoll/target/redis"
	"plimsoll/target/setting"
	"plimsoll/target/sim"
	"plimsoll/target/sql"
	"plimsoll/target/tcp"
	"plimsoll/target/udp"
	"plimsoll/target/websocket"
)

// Actions are what targets can be asked that do not speak HTTP, each once.
func Actions() []kind.Action {
	return []kind.Action{
		exec.Action(),
		file.Action(),
		dialog.Action(),
		sql.Action(),
		redis.Action(),
		nats.Action(),
		grpc.Action(),
	}
}

// Shape is how a scenario file spells a target: a map with one key, its kind.
// It reads as the kind's own settings.
func Shape() setting.Shape[kind.Settings] {
	return setting.Choice("a target",
		setting.When("sim", "A simulated-delay target.", sim.Shape(), func(s sim.Settings) kind.Settings { return &s }),
		setting.When("http", "A server that speaks HTTP.", http.Shape(), func(s *http.Settings) kind.Settings { return s }),
		setting.When("exec", "A program, which every call runs.", exec.Shape(), func(s kind.Settings) kind.Settings { return s }),
		setting.When("file", "Files, which every call reads or writes one of.", file.Shape(), func(s kind.Settings) kind.Settings { return s }),
		setting.When("tcp", "A server that is talked with over TCP.", tcp.Shape(), func(s kind.Settings) kind.Settings { return s }),
		setting.When("udp", "A server that is sent datagrams.", udp.Shape(), func(s kind.Settings) kind.Settings { return s }),
		setting.When("websocket", "A server that is talked with over WebSockets.", websocket.Shape(), func(s kind.Settings) kind.Settings { return s }),
		setting.When("sql", "A database, which every call asks for a statement.", sql.Shape(), func(s kind.Settings) kind.Settings { return s }),
		setting.When("redis", "A server that speaks the protocol of Redis.", redis.Shape(), func(s kind.Settings) kind.Settings { return s }),
		setting.When("grpc", "A server that speaks gRPC.", grpc.Shape(), func(s kind.Settings) kind.Settings { return s }),
		setting.When("nats", "A broker of NATS, to which messages are published.", nats.Shape(), func(s kind.Settings) kind.Settings { return s }),
	)
}
