package grpc

// Served describes the services of plimsoll's own server (`serve:`).
const Served = `syntax = "proto3";

package plimsoll;

// Echo says back what it is sent.
service Echo {
  rpc Say(Message) returns (Message);
  // Tell says it as often as the model says, or count does.
  rpc Tell(Message) returns (stream Message);
}

message Message {
  string text = 1;
  int64 number = 2;
  bytes payload = 3;
}
`
