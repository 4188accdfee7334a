//go:build wrong

// This file is wrong on purpose: the compiler has to reject it.
package main

import "example.com/parley-by-oapi-codegen/parley"

func main() {
	_ = parley.CreateChatJSONRequestBody{AgentID: "agent_1"}
}
