// Prints, as JSON, what Fabric's published Go module says about its messages, enums and services: the oracle for the
// trimmed definitions in crates/fabric/proto. Arguments are full names to print; without any, all are printed.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	_ "github.com/hyperledger/fabric-protos-go-apiv2/common"
	_ "github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	_ "github.com/hyperledger/fabric-protos-go-apiv2/ledger/queryresult"
	_ "github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset"
	_ "github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	_ "github.com/hyperledger/fabric-protos-go-apiv2/msp"
	_ "github.com/hyperledger/fabric-protos-go-apiv2/orderer"
	_ "github.com/hyperledger/fabric-protos-go-apiv2/orderer/etcdraft"
	_ "github.com/hyperledger/fabric-protos-go-apiv2/orderer/smartbft"
	_ "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	_ "github.com/hyperledger/fabric-protos-go-apiv2/peer/lifecycle"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

type field struct {
	Number int32  `json:"number"`
	Kind   string `json:"kind"`
	// The message or enum that the field holds, else empty.
	TypeName string `json:"type_name"`
	Label    string `json:"label"`
	// The oneof that the field belongs to, else empty.
	Oneof string `json:"oneof"`
}

type method struct {
	Input           string `json:"input"`
	Output          string `json:"output"`
	ClientStreaming bool   `json:"client_streaming"`
	ServerStreaming bool   `json:"server_streaming"`
}

type description struct {
	// Message, then field name.
	Messages map[string]map[string]field `json:"messages"`
	// Enum, then value name.
	Enums map[string]map[string]int32 `json:"enums"`
	// Service, then method name.
	Services map[string]map[string]method `json:"services"`
}

func main() {
	all := description{map[string]map[string]field{}, map[string]map[string]int32{}, map[string]map[string]method{}}
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		all.addMessages(file.Messages())
		all.addEnums(file.Enums())
		all.addServices(file.Services())
		return true
	})
	printed := all
	if len(os.Args) > 1 {
		printed = all.only(os.Args[1:])
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(printed); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func (d *description) addMessages(messages protoreflect.MessageDescriptors) {
	for i := range messages.Len() {
		message := messages.Get(i)
		fields := map[string]field{}
		for j := range message.Fields().Len() {
			f := message.Fields().Get(j)
			described := field{Number: int32(f.Number()), Kind: f.Kind().String(), Label: f.Cardinality().String()}
			if f.Message() != nil {
				described.TypeName = string(f.Message().FullName())
			} else if f.Enum() != nil {
				described.TypeName = string(f.Enum().FullName())
			}
			if f.ContainingOneof() != nil {
				described.Oneof = string(f.ContainingOneof().Name())
			}
			fields[string(f.Name())] = described
		}
		d.Messages[string(message.FullName())] = fields
		d.addMessages(message.Messages())
		d.addEnums(message.Enums())
	}
}

func (d *description) addEnums(enums protoreflect.EnumDescriptors) {
	for i := range enums.Len() {
		values := map[string]int32{}
		for j := range enums.Get(i).Values().Len() {
			value := enums.Get(i).Values().Get(j)
			values[string(value.Name())] = int32(value.Number())
		}
		d.Enums[string(enums.Get(i).FullName())] = values
	}
}

func (d *description) addServices(services protoreflect.ServiceDescriptors) {
	for i := range services.Len() {
		methods := map[string]method{}
		for j := range services.Get(i).Methods().Len() {
			m := services.Get(i).Methods().Get(j)
			methods[string(m.Name())] = method{
				string(m.Input().FullName()), string(m.Output().FullName()), m.IsStreamingClient(), m.IsStreamingServer(),
			}
		}
		d.Services[string(services.Get(i).FullName())] = methods
	}
}

func (d *description) only(names []string) description {
	chosen := description{map[string]map[string]field{}, map[string]map[string]int32{}, map[string]map[string]method{}}
	for _, name := range names {
		message, isMessage := d.Messages[name]
		enum, isEnum := d.Enums[name]
		service, isService := d.Services[name]
		switch {
		case isMessage:
			chosen.Messages[name] = message
		case isEnum:
			chosen.Enums[name] = enum
		case isService:
			chosen.Services[name] = service
		default:
			fmt.Fprintf(os.Stderr, "%s is neither a message nor an enum nor a service of Fabric\n", name)
			os.Exit(1)
		}
	}
	return chosen
}
