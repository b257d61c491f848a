package main

import (
	"testing"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"google.golang.org/protobuf/proto"
)

func organizations(names ...string) []argument {
	arguments := make([]argument, len(names))
	for i, name := range names {
		arguments[i] = argument{bytes: []byte(name)}
	}
	return arguments
}

func TestPoliciesDemandAMemberOfEachOrganization(t *testing.T) {
	policy, err := policyOf(organizations("Org2MSP", "Org1MSP", "Org2MSP"))
	if err != nil {
		t.Fatal(err)
	}
	var envelope common.SignaturePolicyEnvelope
	if err := proto.Unmarshal(policy, &envelope); err != nil {
		t.Fatal(err)
	}
	if needed := envelope.GetRule().GetNOutOf().GetN(); needed != 2 {
		t.Errorf("%d signatures are needed", needed)
	}
	for i, name := range []string{"Org1MSP", "Org2MSP"} {
		var role msp.MSPRole
		if err := proto.Unmarshal(envelope.Identities[i].Principal, &role); err != nil {
			t.Fatal(err)
		}
		if role.MspIdentifier != name || role.Role != msp.MSPRole_MEMBER {
			t.Errorf("%d: %v", i, &role)
		}
	}
}

func TestPoliciesNameTheirOrganizations(t *testing.T) {
	for expected, named := range map[string][]argument{
		`[]`:                    nil,
		`["Org1MSP"]`:           organizations("Org1MSP"),
		`["Org1MSP","Org2MSP"]`: organizations("Org2MSP", "Org1MSP"),
	} {
		policy, err := policyOf(named)
		if err != nil {
			t.Fatal(err)
		}
		if answer, err := organizationsOf(policy); err != nil || string(answer) != expected {
			t.Errorf("%s, %v", answer, err)
		}
	}
}

func TestNoOrganizationsMakeAnEmptyPolicy(t *testing.T) {
	if policy, err := policyOf(nil); err != nil || len(policy) != 0 {
		t.Errorf("%x, %v", policy, err)
	}
}
