package main

import (
	"fmt"
	"slices"

	"github.com/hyperledger/fabric-chaincode-go/v2/pkg/statebased"
	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
)

// maximumPolicyOrganizations is how many setPolicy takes. Contract metadata cannot say "any number".
const maximumPolicyOrganizations = 8

func organizationParameters() []parameter {
	parameters := make([]parameter, maximumPolicyOrganizations)
	for i := range parameters {
		parameters[i] = optional(name(fmt.Sprintf("organization%d", i+1)))
	}
	return parameters
}

func setPolicy(stub shim.ChaincodeStubInterface, arguments []argument) ([]byte, error) {
	key := arguments[0].text()
	value, err := stub.GetState(key)
	if err != nil {
		return nil, err
	}
	// Peers silently drop a policy for a key that does not exist.
	if _, err := existing(key, value); err != nil {
		return nil, err
	}
	policy, err := policyOf(arguments[1:])
	if err != nil {
		return nil, err
	}
	return nil, stub.SetStateValidationParameter(key, policy)
}

// policyOf demands a member of each organization. Without any it is empty, which removes a key's policy.
func policyOf(organizations []argument) ([]byte, error) {
	if len(organizations) == 0 {
		return nil, nil
	}
	policy, err := statebased.NewStateEP(nil)
	if err != nil {
		return nil, err
	}
	for _, organization := range organizations {
		if err := policy.AddOrgs(statebased.RoleTypeMember, organization.text()); err != nil {
			return nil, err
		}
	}
	return policy.Policy()
}

func getPolicy(stub shim.ChaincodeStubInterface, arguments []argument) ([]byte, error) {
	policy, err := stub.GetStateValidationParameter(arguments[0].text())
	if err != nil {
		return nil, err
	}
	return organizationsOf(policy)
}

func organizationsOf(policy []byte) ([]byte, error) {
	parsed, err := statebased.NewStateEP(policy)
	if err != nil {
		return nil, err
	}
	organizations := parsed.ListOrgs()
	slices.Sort(organizations)
	return jsonOf(organizations)
}
