package main

import (
	"fmt"
	"strings"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
)

// contract answers the peers' calls.
type contract struct {
	functions []function
}

func newContract() *contract {
	return &contract{functions: functions()}
}

// Init changes nothing, whatever it is called with: a definition may demand an init call, and the ledger is then as before.
func (*contract) Init(shim.ChaincodeStubInterface) *peer.Response {
	return shim.Success(nil)
}

// Invoke calls the function that the first argument names.
func (c *contract) Invoke(stub shim.ChaincodeStubInterface) *peer.Response {
	answer, err := c.call(stub, stub.GetArgs())
	if err != nil {
		return shim.Error(err.Error())
	}
	return shim.Success(answer)
}

func (c *contract) call(stub shim.ChaincodeStubInterface, words [][]byte) ([]byte, error) {
	if len(words) == 0 {
		return nil, fmt.Errorf("no function is named; there are %s", c.names())
	}
	name := string(words[0])
	if name == metadataFunction {
		return c.metadata()
	}
	for _, function := range c.functions {
		if function.name == name {
			arguments, err := function.check(words[1:])
			if err != nil {
				return nil, err
			}
			return function.run(stub, arguments)
		}
	}
	return nil, fmt.Errorf("there is no function %q; there are %s", name, c.names())
}

func (c *contract) names() string {
	names := make([]string, len(c.functions))
	for i, function := range c.functions {
		names[i] = function.name
	}
	return strings.Join(names, ", ")
}
