package main

import (
	"strings"
	"testing"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
)

// proposal is a call without a ledger behind it: whatever asks for one panics.
type proposal struct {
	shim.ChaincodeStubInterface
	words [][]byte
}

func (p proposal) GetArgs() [][]byte {
	return p.words
}

func words(texts ...string) [][]byte {
	words := make([][]byte, len(texts))
	for i, text := range texts {
		words[i] = []byte(text)
	}
	return words
}

func invoke(texts ...string) *peer.Response {
	return newContract().Invoke(proposal{words: words(texts...)})
}

func TestInitTouchesNothing(t *testing.T) {
	for _, call := range [][][]byte{nil, words("put", "key", "value"), words("no such function")} {
		response := newContract().Init(proposal{words: call})
		if response.Status != shim.OK || len(response.Payload) != 0 {
			t.Errorf("%q: %v", call, response)
		}
	}
}

func TestUnknownFunctionsAreToldWhatThereIs(t *testing.T) {
	for call, start := range map[string]string{
		"mint":      `there is no function "mint"; there are put, get, `,
		"probe:put": `there is no function "probe:put"; there are put, get, `,
		"\xff":      `there is no function "\xff"; there are put, get, `,
		"":          `there is no function ""; there are put, get, `,
	} {
		response := invoke(call, "key", "value")
		if response.Status != shim.ERROR || !strings.HasPrefix(response.Message, start) {
			t.Errorf("%q: %v", call, response)
		}
	}
	response := invoke()
	if response.Status != shim.ERROR || !strings.HasPrefix(response.Message, "no function is named; there are put, get, ") {
		t.Errorf("nothing: %v", response)
	}
}

func TestFunctionsHaveNamesOfTheirOwnAndDescriptions(t *testing.T) {
	seen := map[string]bool{}
	for _, function := range functions() {
		if function.name == "" || seen[function.name] {
			t.Errorf("the name %q stands twice, or is empty", function.name)
		}
		seen[function.name] = true
		if !strings.HasSuffix(function.description, ".") {
			t.Errorf("%s: the description %q is no sentence", function.name, function.description)
		}
	}
}

func TestFailFailsWithTheMessageAlone(t *testing.T) {
	for _, message := range []string{"the cellar is flooded", "", "100 % <&> \"quoted\"\nand a second line"} {
		response := invoke("fail", message)
		if response.Status != shim.ERROR || response.Message != message || response.Payload != nil {
			t.Errorf("%q: %v", message, response)
		}
	}
}

func TestBlobAnswersThatManyBytes(t *testing.T) {
	for call, expected := range map[string]int{"0": 0, "1": 1, "70000": 70_000} {
		response := invoke("blob", call)
		if response.Status != shim.OK || string(response.Payload) != strings.Repeat("x", expected) {
			t.Errorf("%s: status %d, %d bytes", call, response.Status, len(response.Payload))
		}
	}
}

func TestSleepAnswersNothing(t *testing.T) {
	response := invoke("sleep", "1")
	if response.Status != shim.OK || len(response.Payload) != 0 {
		t.Errorf("%v", response)
	}
}
