package main

import (
	"errors"
	"flag"
	"reflect"
	"strings"
	"testing"
)

// complete is every flag that has to be there.
func complete(more ...string) []string {
	return append([]string{
		"--peer", "127.0.0.1:7051", "--server-name", "peer0", "--tls-ca", "ca.pem", "--cert", "cert.pem", "--key", "key.pem",
		"--msp-id", "Org1MSP", "--channel", "devnet", "--contract", "probe",
	}, more...)
}

func TestCommandLines(t *testing.T) {
	expected := request{
		peer: "127.0.0.1:7051", serverName: "peer0", tlsCA: "ca.pem", cert: "cert.pem", key: "key.pem",
		mspID: "Org1MSP", channel: "devnet", contract: "probe", function: "add", arguments: []string{"counter", "-1"},
	}
	found, err := parse(complete("evaluate", "add", "counter", "-1"))
	if err != nil || !reflect.DeepEqual(found, expected) {
		t.Errorf("%+v, %v", found, err)
	}
	expected.submit = true
	expected.transient = map[string][]byte{"value": []byte("a=b"), "none": {}}
	expected.endorsingOrganizations = []string{"Org1MSP", "Org2MSP"}
	found, err = parse(complete("--transient", "value=a=b", "--transient", "none=",
		"--endorsing-organizations", "Org1MSP,Org2MSP", "submit", "add", "counter", "-1"))
	if err != nil || !reflect.DeepEqual(found, expected) {
		t.Errorf("%+v, %v", found, err)
	}
}

func TestCommandLinesThatCannotBeRead(t *testing.T) {
	for _, example := range []struct {
		words  []string
		saying string
	}{
		{nil, "missing: --cert, --channel, --contract, --key, --msp-id, --peer, --server-name, --tls-ca"},
		{complete(), "after the flags come evaluate or submit"},
		{complete("submit"), "after the flags come evaluate or submit"},
		{complete("query", "get"), `after the flags comes evaluate or submit, not "query"`},
		{complete("--transient", "value", "submit", "put"), "has to be key=value"},
		{complete("--transient", "=value", "submit", "put"), "has to be key=value"},
		{complete("--transient", "a=1", "--transient", "a=2", "submit", "put"), `the key "a" stands twice`},
		{complete("--endorsing-organizations", "Org1MSP,", "submit", "put"), "has to be MSP ids with commas between"},
		{complete("--orderer", "x"), "flag provided but not defined: -orderer"},
	} {
		if found, err := parse(example.words); err == nil || !strings.Contains(err.Error(), example.saying) {
			t.Errorf("%q: %+v, %v", example.words, found, err)
		}
	}
}

func TestHelpNamesEveryFlag(t *testing.T) {
	if _, err := parse([]string{"--help"}); !errors.Is(err, flag.ErrHelp) {
		t.Error(err)
	}
	for _, word := range append(complete(), "--transient", "--endorsing-organizations") {
		if name, isFlag := strings.CutPrefix(word, "--"); isFlag && !strings.Contains(usage(), "-"+name+" ") {
			t.Errorf("%s is not in\n%s", word, usage())
		}
	}
}
