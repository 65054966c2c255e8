package grpc

// served describes the services of plimsoll's own server (`serve:`), a file each.
var served = map[string]string{
	"plimsoll.proto": `syntax = "proto3";

package plimsoll;

service Echo {
  rpc Say(Message) returns (Message);
  rpc Tell(Message) returns (stream Message);
}

message Message {
  string text = 1;
  int64 number = 2;
  bytes payload = 3;
}
`,
	"health.proto": `syntax = "proto3";

package grpc.health.v1;

service Health {
  rpc Check(HealthCheckRequest) returns (HealthCheckResponse);
}

message HealthCheckRequest {
  string service = 1;
}

message HealthCheckResponse {
  enum ServingStatus {
    UNKNOWN = 0;
    SERVING = 1;
    NOT_SERVING = 2;
    SERVICE_UNKNOWN = 3;
  }
  ServingStatus status = 1;
}
`,
}
