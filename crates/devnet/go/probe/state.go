package main

import (
	"fmt"
	"strconv"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
)

func put(stub shim.ChaincodeStubInterface, arguments []argument) ([]byte, error) {
	return nil, stub.PutState(arguments[0].text(), arguments[1].bytes)
}

func get(stub shim.ChaincodeStubInterface, arguments []argument) ([]byte, error) {
	key := arguments[0].text()
	value, err := stub.GetState(key)
	if err != nil {
		return nil, err
	}
	return existing(key, value)
}

// existing is the value, or the error that there is none. Fabric stores no empty values: it takes them for deletes.
func existing(key string, value []byte) ([]byte, error) {
	if len(value) == 0 {
		return nil, fmt.Errorf("the key %s does not exist", key)
	}
	return value, nil
}

func deleteKey(stub shim.ChaincodeStubInterface, arguments []argument) ([]byte, error) {
	return nil, stub.DelState(arguments[0].text())
}

func add(stub shim.ChaincodeStubInterface, arguments []argument) ([]byte, error) {
	key := arguments[0].text()
	old, err := stub.GetState(key)
	if err != nil {
		return nil, err
	}
	sum, err := plus(key, old, arguments[1].number)
	if err != nil {
		return nil, err
	}
	return sum, stub.PutState(key, sum)
}

// plus adds to a stored number, in decimal digits. No value counts as 0.
func plus(key string, stored []byte, delta int64) ([]byte, error) {
	var number int64
	if len(stored) > 0 {
		var err error
		number, err = strconv.ParseInt(string(stored), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("the key %s holds no whole number of 64 bits to add to", key)
		}
	}
	sum := number + delta
	if (sum > number) != (delta > 0) && delta != 0 {
		return nil, fmt.Errorf("the key %s holds %d; with %d added it would not fit into 64 bits", key, number, delta)
	}
	return strconv.AppendInt(nil, sum, 10), nil
}
