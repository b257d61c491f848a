package main

import (
	"errors"
	"fmt"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
)

const (
	// The collection that is meant where none is named; collections.json defines it.
	defaultCollection = "both"
	// Where putPrivate finds the value, so that it does not stand in the transaction.
	transientValue = "value"
)

func putPrivate(stub shim.ChaincodeStubInterface, arguments []argument) ([]byte, error) {
	transient, err := stub.GetTransient()
	if err != nil {
		return nil, err
	}
	value, found := transient[transientValue]
	if !found {
		return nil, errors.New("putPrivate takes the value from the transient data, and there is none named `" + transientValue + "`")
	}
	return nil, stub.PutPrivateData(collection(arguments), arguments[0].text(), value)
}

func getPrivate(stub shim.ChaincodeStubInterface, arguments []argument) ([]byte, error) {
	key, collection := arguments[0].text(), collection(arguments)
	value, err := stub.GetPrivateData(collection, key)
	if err != nil {
		return nil, err
	}
	return existing(fmt.Sprintf("%s of the collection %s", key, collection), value)
}

func collection(arguments []argument) string {
	if len(arguments) > 1 {
		return arguments[1].text()
	}
	return defaultCollection
}
