package main

import (
	"encoding/json"
	"reflect"
	"testing"
)

type generic = map[string]any

func metadataOf(t *testing.T) generic {
	t.Helper()
	response := invoke(metadataFunction)
	var document generic
	if err := json.Unmarshal(response.Payload, &document); err != nil {
		t.Fatalf("%v: %v", response, err)
	}
	return document
}

func transactions(t *testing.T, contract string) []generic {
	t.Helper()
	found := metadataOf(t)["contracts"].(generic)[contract].(generic)["transactions"].([]any)
	transactions := make([]generic, len(found))
	for i, transaction := range found {
		transactions[i] = transaction.(generic)
	}
	return transactions
}

func TestMetadataListTheTable(t *testing.T) {
	listed := transactions(t, "probe")
	if len(listed) != len(functions()) {
		t.Fatalf("%d are listed of %d", len(listed), len(functions()))
	}
	for i, function := range functions() {
		if listed[i]["name"] != function.name || listed[i]["description"] != function.description {
			t.Errorf("%s is listed as %v", function.name, listed[i])
		}
		parameters := listed[i]["parameters"].([]any)
		if len(parameters) != len(function.parameters) {
			t.Errorf("%s is listed with %d parameters", function.name, len(parameters))
		}
		required := 0
		for _, parameter := range parameters {
			if parameter.(generic)["required"].(bool) {
				required++
			}
		}
		if _, err := function.check(fittingWords(function, required)); err != nil {
			t.Errorf("%s does not take the %d arguments that are listed as required: %v", function.name, required, err)
		}
	}
}

func TestMetadataSayWhatAnArgumentMayBe(t *testing.T) {
	expected := generic{
		"name":        "putPrivate",
		"description": "Writes the transient data `value` under the key of a private collection, `both` or `first`.",
		"tag":         []any{"submit", "SUBMIT"},
		"parameters": []any{
			generic{"name": "key", "required": true, "schema": generic{"type": "string", "minLength": 1.0}},
			generic{"name": "collection", "required": false, "schema": generic{"type": "string", "minLength": 1.0}},
		},
	}
	schemas := map[string]generic{
		"emit": {"type": "string"},
		"add":  {"type": "integer", "format": "int64"},
	}
	for _, transaction := range transactions(t, "probe") {
		if transaction["name"] == "putPrivate" && !reflect.DeepEqual(transaction, expected) {
			t.Errorf("%v", transaction)
		}
		if schema, checked := schemas[transaction["name"].(string)]; checked {
			last := transaction["parameters"].([]any)[1].(generic)
			if !reflect.DeepEqual(last["schema"], schema) {
				t.Errorf("%v: %v", transaction["name"], last)
			}
		}
		if transaction["name"] == "sleep" {
			schema := generic{"type": "integer", "format": "int64", "minimum": 0.0, "maximum": 60_000.0}
			if only := transaction["parameters"].([]any)[0].(generic); !reflect.DeepEqual(only["schema"], schema) {
				t.Errorf("%v", only)
			}
		}
	}
}

func TestMetadataSayWhatIsToBeSubmitted(t *testing.T) {
	submitted := map[string]bool{
		"put": true, "delete": true, "add": true, "putPrivate": true, "emit": true, "setPolicy": true, "random": true,
	}
	for _, transaction := range transactions(t, "probe") {
		expected := []any{"evaluate", "EVALUATE"}
		if submitted[transaction["name"].(string)] {
			expected = []any{"submit", "SUBMIT"}
		}
		if !reflect.DeepEqual(transaction["tag"], expected) {
			t.Errorf("%v: %v", transaction["name"], transaction["tag"])
		}
	}
}

// What the published schema of metadata demands: info with title and version, and name and transactions of each contract.
func TestMetadataHaveWhatTheirSchemaDemands(t *testing.T) {
	document := metadataOf(t)
	infos := []any{document["info"]}
	contracts := document["contracts"].(generic)
	for name, contract := range contracts {
		contract := contract.(generic)
		if contract["name"] != name || len(contract["transactions"].([]any)) == 0 {
			t.Errorf("%s: %v", name, contract)
		}
		if contract["default"] != (name == "probe") {
			t.Errorf("%s: %v", name, contract["default"])
		}
		infos = append(infos, contract["info"])
	}
	if len(contracts) != 2 {
		t.Errorf("%d contracts", len(contracts))
	}
	for _, info := range infos {
		info := info.(generic)
		if info["title"] == "" || info["version"] != contractVersion {
			t.Errorf("%v", info)
		}
	}
	if system := transactions(t, "org.hyperledger.fabric"); len(system) != 1 || system[0]["name"] != "GetMetadata" {
		t.Errorf("%v", system)
	}
}
