package main

import (
	"github.com/hyperledger/fabric-gateway/pkg/client"
)

// call does what the request asks for. It answers the result, and for a submit what became of the transaction; or why neither is there.
func (r request) call() ([]byte, *commit, *failure) {
	connection, err := r.connect()
	if err != nil {
		return nil, nil, failureOf(err, "")
	}
	defer connection.close()
	proposal, err := connection.gateway.GetNetwork(r.channel).GetContract(r.contract).NewProposal(r.function, r.options()...)
	if err != nil {
		return nil, nil, failureOf(err, "")
	}
	if r.submit {
		return submit(proposal)
	}
	result, err := proposal.Evaluate()
	if err != nil {
		return nil, nil, failureOf(err, proposal.TransactionID())
	}
	return result, nil, nil
}

func (r request) options() []client.ProposalOption {
	options := []client.ProposalOption{client.WithArguments(r.arguments...)}
	if len(r.transient) > 0 {
		options = append(options, client.WithTransient(r.transient))
	}
	if len(r.endorsingOrganizations) > 0 {
		options = append(options, client.WithEndorsingOrganizations(r.endorsingOrganizations...))
	}
	return options
}

// submit waits until the transaction stands in a block, valid or not.
func submit(proposal *client.Proposal) ([]byte, *commit, *failure) {
	transaction, err := proposal.Endorse()
	if err != nil {
		return nil, nil, failureOf(err, proposal.TransactionID())
	}
	submitted, err := transaction.Submit()
	if err != nil {
		return nil, nil, failureOf(err, proposal.TransactionID())
	}
	status, err := submitted.Status()
	if err != nil {
		return nil, nil, failureOf(err, proposal.TransactionID())
	}
	made := commitOf(status)
	if !status.Successful {
		return nil, nil, invalid(made)
	}
	return transaction.Result(), made, nil
}
