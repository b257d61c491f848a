package main

import "github.com/hyperledger/fabric-chaincode-go/v2/shim"

func emit(stub shim.ChaincodeStubInterface, arguments []argument) ([]byte, error) {
	return nil, stub.SetEvent(arguments[0].text(), arguments[1].bytes)
}
