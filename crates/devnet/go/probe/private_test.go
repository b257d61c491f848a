package main

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
)

// withTransient is a call with that transient data.
type withTransient struct {
	shim.ChaincodeStubInterface
	transient map[string][]byte
}

func (w withTransient) GetTransient() (map[string][]byte, error) {
	return w.transient, nil
}

func TestPutPrivateNeedsItsValueInTheTransientData(t *testing.T) {
	expected := "putPrivate takes the value from the transient data, and there is none named `value`"
	for _, transient := range []map[string][]byte{nil, {"Value": []byte("v")}} {
		_, err := putPrivate(withTransient{transient: transient}, organizations("key"))
		if err == nil || err.Error() != expected {
			t.Errorf("%v: %v", transient, err)
		}
	}
}

func TestTheDefaultCollectionIsDefined(t *testing.T) {
	text, err := os.ReadFile("collections.json")
	if err != nil {
		t.Fatal(err)
	}
	var defined []struct{ Name string }
	if err := json.Unmarshal(text, &defined); err != nil {
		t.Fatal(err)
	}
	if len(defined) != 2 || defined[0].Name != collection(organizations("key")) ||
		defined[1].Name != collection(organizations("key", "first")) {
		t.Errorf("%v", defined)
	}
}
