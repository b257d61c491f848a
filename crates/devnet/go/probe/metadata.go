package main

import "math"

const (
	// The contract that Fabric's contract API answers metadata under, and its function.
	systemContract   = "org.hyperledger.fabric"
	metadataFunction = systemContract + ":GetMetadata"

	contractName    = "probe"
	contractVersion = "1.0.0"
	// The published schema of these documents.
	metadataSchema = "https://hyperledger.github.io/fabric-chaincode-node/main/api/contract-schema.json"
)

type metadataDocument struct {
	Schema     string                      `json:"$schema"`
	Info       infoMetadata                `json:"info"`
	Contracts  map[string]contractMetadata `json:"contracts"`
	Components struct{}                    `json:"components"`
}

type infoMetadata struct {
	Title       string `json:"title"`
	Version     string `json:"version"`
	Description string `json:"description"`
}

type contractMetadata struct {
	Name         string                `json:"name"`
	Info         infoMetadata          `json:"info"`
	Transactions []transactionMetadata `json:"transactions"`
	// Whether its functions are called by their plain names.
	Default bool `json:"default"`
}

type transactionMetadata struct {
	Name        string              `json:"name"`
	Description string              `json:"description"`
	Tag         []string            `json:"tag"`
	Parameters  []parameterMetadata `json:"parameters"`
}

type parameterMetadata struct {
	Name     string         `json:"name"`
	Required bool           `json:"required"`
	Schema   schemaMetadata `json:"schema"`
}

type schemaMetadata struct {
	Type      string `json:"type"`
	Format    string `json:"format,omitempty"`
	MinLength int    `json:"minLength,omitempty"`
	Minimum   *int64 `json:"minimum,omitempty"`
	Maximum   *int64 `json:"maximum,omitempty"`
}

// metadata describes the contract in the shape of Fabric's contract API, so that clients can list its functions and
// check the number of arguments.
func (c *contract) metadata() ([]byte, error) {
	info := infoMetadata{
		Title:       contractName,
		Version:     contractVersion,
		Description: "Small functions that make each thing happen that a Fabric network can do to a call.",
	}
	transactions := make([]transactionMetadata, len(c.functions))
	for i, function := range c.functions {
		transactions[i] = function.metadata()
	}
	system := function{name: "GetMetadata", description: "Answers this document."}
	return jsonOf(metadataDocument{
		Schema: metadataSchema,
		Info:   info,
		Contracts: map[string]contractMetadata{
			contractName: {Name: contractName, Info: info, Transactions: transactions, Default: true},
			systemContract: {
				Name:         systemContract,
				Info:         infoMetadata{Title: systemContract, Version: contractVersion, Description: "What Fabric's contract API adds."},
				Transactions: []transactionMetadata{system.metadata()},
			},
		},
	})
}

func (f function) metadata() transactionMetadata {
	// Both spellings are in use among Fabric's libraries.
	tags := []string{"evaluate", "EVALUATE"}
	if f.changesState {
		tags = []string{"submit", "SUBMIT"}
	}
	parameters := make([]parameterMetadata, len(f.parameters))
	for i, parameter := range f.parameters {
		parameters[i] = parameterMetadata{
			Name:     parameter.name,
			Required: !parameter.optional,
			Schema:   parameter.schema(),
		}
	}
	return transactionMetadata{Name: f.name, Description: f.description, Tag: tags, Parameters: parameters}
}

func (p parameter) schema() schemaMetadata {
	switch p.kind {
	case integerKind:
		schema := schemaMetadata{Type: "integer", Format: "int64"}
		if p.minimum != math.MinInt64 {
			schema.Minimum = &p.minimum
		}
		if p.maximum != math.MaxInt64 {
			schema.Maximum = &p.maximum
		}
		return schema
	case nameKind:
		return schemaMetadata{Type: "string", MinLength: 1}
	case textKind, bytesKind:
	}
	return schemaMetadata{Type: "string"}
}
